"""The decoder as the step that the searches query."""

from __future__ import annotations

import numpy as np

from seqwright import kernels
from seqwright.models.decoder import Decoder, DecoderState
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["Step"]


class Step:
    """A decoder as a `search.Step`: log-probabilities of the next symbols of hypotheses."""

    def __init__(self, decoder: Decoder, cache: Cache, forbidden: list[int]) -> None:
        self._decoder, self._cache, self._forbidden = decoder, cache, forbidden

    def __call__(self, ids: Ids, state: DecoderState) -> tuple[Array, DecoderState]:
        """Return the log-probabilities (K, B, V) of the symbol after ids (K, B), and the next state."""
        (logits, weights, gate), state = self._decoder.step(ids, state, self._cache)
        logits[:, :, self._forbidden] = -np.inf
        if weights is not None and gate is not None and state.source is not None:
            kernels.copy_log_probs(logits, weights, gate, state.source, logits)
            return logits, state
        logits -= logits.max(axis=2, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=2, keepdims=True))
        return logits, state
