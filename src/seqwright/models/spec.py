"""The specification of a network: sizes and options, validated.

The copy map and the feature mask are not part of it; they are computed from the vocabularies, see `models.build`.
"""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Iterable
from typing import Any, Literal, TypedDict, get_args

import numpy as np

from seqwright.errors import ConfigError, suggestion
from seqwright.nn import attention

__all__ = ["Bridge", "InitialValues", "ModelSpec", "Options", "from_article"]

Bridge = Literal["h", "hc"]
InitialValues = Literal["article", "uniform"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Sizes and options of an encoder-decoder network.

    Parameters
    ----------
    source_vocab_size, target_vocab_size : int
        Symbols of each side, V.
    embedding_size : int
        Width D of the embeddings of both sides.
    hidden_size : int
        Units H of each LSTM.
    encoder_layers, decoder_layers : int, default 1
        Stacked LSTMs. The decoder starts from the encoder's top layers, so the encoder has as many or more.
    bidirectional : bool, default False
        Each encoder layer reads in both directions, so that its memory is 2H wide; an affine bridge maps the final
        states back to H.
    reversed_source : bool, default False
        A unidirectional encoder reads from the last symbol to the first (Sutskever et al. 2014).
    bridge : {"h", "hc"}, default "h"
        Which final states of the encoder start the decoder: the hidden state, or the cell state too.
    attention : str, default "none"
        The attention score, one of `nn.attention.SCORES`, or "none".
    distance_bias : bool, default False
        Attention scores have a learned bias by relative position; see `nn.attention`.
    peeky : bool, default False
        The encoder's last hidden state conditions every step of the decoder (Cho et al. 2014).
    sum_features : bool, default False
        The sum of the embeddings of a source's features conditions every step of the decoder.
    copying : bool, default False
        The output is a mixture of generating and copying (See et al. 2017); see `nn.copying`.
    tied : bool, default False
        The output layer's weights are the target embeddings (Press & Wolf 2017).
    dropout : float, default 0
        Share of units dropped in training after the embeddings, between layers and before the output layer.
    feature_dropout : float, default 0
        Share of the units of the sum of the features that is dropped in training.
    label_smoothing : float, default 0
        ε of `nn.cross_entropy` (Szegedy et al. 2016).
    initial_values : {"article", "uniform"}, default "article"
        The distributions that initial values are drawn from; see `models.initial`.

    Raises
    ------
    ConfigError
        A value out of its range, or options that contradict each other.
    """

    source_vocab_size: int
    target_vocab_size: int
    embedding_size: int
    hidden_size: int
    encoder_layers: int = 1
    decoder_layers: int = 1
    bidirectional: bool = False
    reversed_source: bool = False
    bridge: Bridge = "h"
    attention: str = "none"
    distance_bias: bool = False
    peeky: bool = False
    sum_features: bool = False
    copying: bool = False
    tied: bool = False
    dropout: float = 0.0
    feature_dropout: float = 0.0
    label_smoothing: float = 0.0
    initial_values: InitialValues = "article"

    def __post_init__(self) -> None:
        for name in _SIZES:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
                raise ConfigError(f"{name} = {value!r}: expected a whole number of at least 1")
        for name in ("dropout", "feature_dropout", "label_smoothing"):
            value = getattr(self, name)
            if not isinstance(value, int | float | np.floating) or not 0 <= value < 1:
                raise ConfigError(f"{name} = {value!r}: expected a share of at least 0 and less than 1")
        for name, choices in _CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                raise ConfigError(f"{name} = {value!r}{suggestion(str(value), choices)}")
        if what := self._conflict():
            raise ConfigError(what)

    @property
    def memory_size(self) -> int:
        """Width M of the encoder's outputs, which attention reads."""
        return 2 * self.hidden_size if self.bidirectional else self.hidden_size

    @property
    def features_size(self) -> int:
        """Width of the sum of a source's features; 0 where they are not summed."""
        return self.embedding_size if self.sum_features else 0

    @property
    def conditioning_size(self) -> int:
        """Width P of the conditioning vector, an input of every decoder step; 0 for none."""
        return (self.hidden_size if self.peeky else 0) + self.features_size

    def _conflict(self) -> str:
        """Return which options contradict each other and what to do, "" if none do."""
        if self.attention == "none":
            for name in ("copying", "distance_bias"):
                if getattr(self, name):
                    return f"{name} needs attention, whose weights it uses; set attention to bilinear, or {name} off"
        elif self.bidirectional and attention.SCORES[self.attention].same_width:
            others = " or ".join(name for name, score in attention.SCORES.items() if not score.same_width)
            return (
                f"{self.attention} attention needs a unidirectional encoder, whose memory is as wide as the decoder's "
                f"state; set bidirectional to false, or attention to {others}"
            )
        if self.tied and self.embedding_size != self.hidden_size:
            return (
                f"tied weights need embeddings as wide as the hidden state, not {self.embedding_size} and "
                f"{self.hidden_size}; set embedding_size and hidden_size to one number"
            )
        if self.tied and self.conditioning_size:
            name = "peeky" if self.peeky else "sum_features"
            return f"tied weights have no rows for a conditioning vector; set {name} to false"
        if self.encoder_layers < self.decoder_layers:
            return (
                f"each of the {self.decoder_layers} decoder layers starts from an encoder layer; set encoder_layers to "
                f"{self.decoder_layers} or more, not {self.encoder_layers}"
            )
        if self.bidirectional and self.reversed_source:
            return "reversed_source has no effect on a bidirectional encoder; set one of the two to false"
        return ""


_SIZES = ("source_vocab_size", "target_vocab_size", "embedding_size", "hidden_size", "encoder_layers", "decoder_layers")
_CHOICES: dict[str, Iterable[str]] = {
    "bridge": get_args(Bridge),
    "attention": ("none", *attention.SCORES),
    "initial_values": get_args(InitialValues),
}


class Options(TypedDict, total=False):
    """Options of the article's constructors after their three sizes: the fields of `ModelSpec`, and `layers`.

    layers : number of decoder layers, and the default of `encoder_layers`.
    """

    target_vocab_size: int
    layers: int
    encoder_layers: int
    bidirectional: bool
    reversed_source: bool
    bridge: Bridge
    attention: str
    distance_bias: bool
    peeky: bool
    tied: bool
    dropout: float
    feature_dropout: float
    label_smoothing: float
    initial_values: InitialValues


def from_article(vocab_size: int, wordvec_size: int, hidden_size: int, options: Options, **more: bool) -> ModelSpec:
    """Return the spec for the article's constructors.   more: `copying` and `sum_features`."""
    known = Options.__annotations__
    if unknown := [name for name in options if name not in known]:
        raise ConfigError(f"unknown option {unknown[0]!r}{suggestion(unknown[0], known)}")
    others: dict[str, Any] = dict(options)
    layers = others.pop("layers", 1)
    return ModelSpec(
        **{
            "source_vocab_size": vocab_size, "target_vocab_size": vocab_size,
            "embedding_size": wordvec_size, "hidden_size": hidden_size,
            "encoder_layers": layers, "decoder_layers": layers,
        } | others | more
    )  # fmt: skip
