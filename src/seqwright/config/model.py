"""The model section of the configuration: the network."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from seqwright.checked import Checked
from seqwright.config.numbers import Positive, Share
from seqwright.errors import ConfigError
from seqwright.models.spec import Bridge, InitialValues, ModelSpec
from seqwright.nn import attention

__all__ = ["ModelConfig", "apart"]

ATTENTION = ("none", *attention.SCORES)
AttentionChoice = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(ATTENTION)})$", examples=list(ATTENTION))]


class ModelConfig(Checked, frozen=True, kw_only=True):
    """The network: sizes and options; see `models.ModelSpec`.

    Parameters
    ----------
    embedding_size : int, default None
        Width of the embeddings of both sides. None: by the number of pairs.
    hidden_size : int, default None
        Units of each LSTM. None: by the number of pairs and the time budget.
    layers : int, default 1
        LSTM layers of the decoder, and of the encoder where `encoder_layers` is None.
    encoder_layers : int, default None
        LSTM layers of the encoder, at least `layers`; the decoder starts from the top ones. None: by the number of
        pairs.
    bidirectional : bool, default True
        Whether each encoder layer reads in both directions.
    attention : str, default None
        Attention score: "none", or one of `nn.attention.SCORES`. None: by the data.
    distance_bias : bool, default None
        Whether attention scores have a learned bias by relative position. None: where targets are long, pairs are many
        or symbols are copied.
    peeky : bool, default False
        Whether the encoder's last hidden state is an input of every decoder step (Cho et al. 2014).
    sum_features : bool, default None
        Whether the sum of the embeddings of the features is an input of every decoder step. None: if the data has
        features and the embeddings are not tied.
    copying : bool, default None
        Whether symbols of the source can be copied into the target (See et al. 2017). None: by the share
        of target symbols that are symbols of their source.
    tied : bool, default None
        Whether the target embeddings are the weights of the output layer (Press & Wolf 2017). None: for sentences.
    reversed_source : bool, default False
        Whether a unidirectional encoder reads from the last symbol to the first (Sutskever et al. 2014).
    bridge : {"hc", "h"}, default "hc"
        Which final states of the encoder start the decoder: hidden and cell state, or the hidden state alone.
    dropout : float, default None
        Share of units dropped in training, 0 to below 1. None: by the number of pairs.
    feature_dropout : float, default None
        Share of the units of the sum of the features that is dropped in training, 0 to below 1. None: 0 below 2,000
        pairs of strings, else ``dropout``.
    label_smoothing : float, default 0.1
        Probability that the loss spreads over all symbols, 0 to below 1 (Szegedy et al. 2016).
    initial_values : {"uniform", "article"}, default "uniform"
        Distributions that initial values are drawn from; see `models.initial`.

    Raises
    ------
    ConfigError
        If a value is out of its range, options contradict each other, or a keyword is no setting.
    """

    section: ClassVar[str] = "model"
    aliases: ClassVar[dict[str, str]] = {"wordvec_size": "embedding_size"}

    embedding_size: Positive | None = None
    hidden_size: Positive | None = None
    layers: Positive = 1
    encoder_layers: Positive | None = None
    bidirectional: bool = True
    attention: AttentionChoice | None = None
    distance_bias: bool | None = None
    peeky: bool = False
    sum_features: bool | None = None
    copying: bool | None = None
    tied: bool | None = None
    reversed_source: bool = False
    bridge: Bridge = "hc"
    dropout: Share | None = None
    feature_dropout: Share | None = None
    label_smoothing: Share = 0.1
    initial_values: InitialValues = "uniform"

    def spec(self, source_vocab_size: int = 1, target_vocab_size: int = 1) -> ModelSpec:
        """Return the network; a setting of None has a value that the recipe may choose.

        Parameters
        ----------
        source_vocab_size, target_vocab_size : int, default 1
            Symbols of each side.

        Returns
        -------
        ModelSpec
            The specification.

        Raises
        ------
        ConfigError
            If options contradict each other.
        """
        size = self.hidden_size or self.embedding_size or 1
        return ModelSpec(
            source_vocab_size=source_vocab_size,
            target_vocab_size=target_vocab_size,
            embedding_size=self.embedding_size or size,
            hidden_size=size,
            encoder_layers=self.encoder_layers or self.layers,
            decoder_layers=self.layers,
            bidirectional=self.bidirectional,
            reversed_source=self.reversed_source,
            bridge=self.bridge,
            attention=self.attention or "bilinear",
            distance_bias=bool(self.distance_bias),
            peeky=self.peeky,
            sum_features=bool(self.sum_features),
            copying=bool(self.copying),
            tied=bool(self.tied),
            dropout=self.dropout or 0.0,
            feature_dropout=(self.dropout or 0.0) if self.feature_dropout is None else self.feature_dropout,
            label_smoothing=self.label_smoothing,
            initial_values=self.initial_values,
        )

    @property
    def wordvec_size(self) -> int | None:
        """The earlier name of `embedding_size`."""
        return self.embedding_size

    def _conflict(self) -> str:
        try:
            self.spec()
        except ConfigError as error:
            return f"[model]: {error}"
        return ""


def apart(one: ModelConfig, other: ModelConfig) -> str:
    """Return what keeps two networks over the same symbols from answering together, "" if nothing does."""
    if (one.attention == "none") != (other.attention == "none"):
        return "one network has attention, another has none"
    for name in ("copying", "sum_features", "reversed_source"):  # they say what a source is, or what an answer means
        if (first := getattr(one, name)) != (second := getattr(other, name)):
            return f"model.{name} is {first} in one network and {second} in another"
    return ""
