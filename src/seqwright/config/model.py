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
    """The network; see `models.Seq2seq`."""

    section: ClassVar[str] = "model"
    aliases: ClassVar[dict[str, str]] = {"wordvec_size": "embedding_size"}

    embedding_size: Positive | None = None
    hidden_size: Positive | None = None
    layers: Positive = 1
    encoder_layers: Positive | None = None  # where the encoder has more; the decoder starts from the top ones
    bidirectional: bool = True
    attention: AttentionChoice | None = None  # found by `training.recipe`
    distance_bias: bool | None = None  # learned: scores gain by how far a symbol is from the step; the same
    peeky: bool = False
    sum_features: bool | None = None  # read at every step of the decoder, beside the features as symbols
    copying: bool | None = None  # symbols of the source into the target (See et al. 2017); see `training.recipe`
    tied: bool | None = None  # target embeddings are the output layer's weights, too (Press & Wolf 2017)
    reversed_source: bool = False
    bridge: Bridge = "hc"
    dropout: Share | None = None
    label_smoothing: Share = 0.1  # Szegedy et al. 2016
    initial_values: InitialValues = "uniform"

    def spec(self, source_vocab_size: int = 1, target_vocab_size: int = 1) -> ModelSpec:
        """Return the network; a value that is still open is one that the recipe may choose.

        ConfigError: options that contradict each other.
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
