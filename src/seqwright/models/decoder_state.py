"""The values that go in and out of a step of the decoder."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.models.encoder import Encoded
from seqwright.types import Array, Ids

__all__ = ["DecoderOutputs", "DecoderState", "Hidden"]


class DecoderOutputs(NamedTuple):
    """Decoder outputs for the next symbols; gradients have the same type.

    logits (T, B, V).   attention_weights (T, B, S), None without attention.   gate (T, B): log-odds of copying, None
    without a copy mechanism.
    """

    logits: Array
    attention_weights: Array | None
    gate: Array | None


class Hidden(NamedTuple):
    """The same before the output layer, whose inputs are x (T, B, H + P)."""

    x: Array
    attention_weights: Array | None
    gate: Array | None


class DecoderState(NamedTuple):
    """State of K hypotheses for each of B sources.

    h, c (L, K, B, H).   encoded: the encoder's outputs, shared by the hypotheses of a source.
    attention_weights (K, B, S): those of the last symbol, None without attention.   n_steps: number of symbols read.
    source (S, B): target ids of the source symbols, as for `nn.copying`; None without a copy mechanism.
    """

    h: Array
    c: Array
    encoded: Encoded
    attention_weights: Array | None
    source: Ids | None
    n_steps: int = 0

    @classmethod
    def start(cls, encoded: Encoded, source: Ids | None = None) -> DecoderState:
        """Return the initial state, with one hypothesis for each source."""
        return cls(encoded.h[:, None], encoded.c[:, None], encoded, None, source)

    def select(self, parents: npt.NDArray[np.intp]) -> DecoderState:
        """Return the state of hypotheses that continue parents (K', B): parents[k, b] indexes those of source b."""
        index = parents[None, :, :, None]
        weights = self.attention_weights
        return self._replace(
            h=np.take_along_axis(self.h, index, axis=1),
            c=np.take_along_axis(self.c, index, axis=1),
            attention_weights=None if weights is None else np.take_along_axis(weights, index[0], axis=0),
        )

    def keep(self, sources: npt.NDArray[np.intp]) -> DecoderState:
        """Return the state of a subset of the sources, sources (B',), in that order."""
        e = self.encoded
        return DecoderState(
            self.h[:, :, sources], self.c[:, :, sources],
            Encoded(
                e.h[:, sources], e.c[:, sources], np.ascontiguousarray(e.memory[:, sources]), e.lengths[sources],
                None if e.features is None else e.features[sources],
            ),
            None if self.attention_weights is None else self.attention_weights[:, sources],
            None if self.source is None else np.ascontiguousarray(self.source[:, sources]),
            self.n_steps,
        )  # fmt: skip
