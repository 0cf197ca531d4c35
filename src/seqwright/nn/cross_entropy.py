"""Softmax cross-entropy over time: the mean over all real target symbols of a batch, with label smoothing."""

import numpy as np

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["backward", "forward"]


def forward(logits: Array, targets: Ids, lengths: Ids, cache: Cache, *, smoothing: float = 0.0) -> float:
    """Return the mean cross-entropy, in nats a symbol.

    logits (T, B, V).   targets (T, B), of which row b has lengths[b] symbols; the others are padding.
    smoothing: ε of the target distribution (1 - ε) δ_y + ε / V (Szegedy et al. 2016, section 7).
    """
    T, B, _ = logits.shape
    cache["ids"], cache["lengths"] = targets, lengths
    nll = cache.new("nll", (T, B))
    kernels.cross_entropy_forward(logits, targets, lengths, smoothing, cache.new("probs", logits.shape), nll)
    return float(nll.sum(dtype=np.float64)) / max(1, int(np.minimum(lengths, T).sum()))


def backward(dloss: float, cache: Cache, *, smoothing: float = 0.0) -> Array:
    """Return dL/dlogits (T, B, V), 0 at padding.   dloss: gradient of the mean that the forward returned."""
    probs = cache["probs"]
    scale = dloss / max(1, int(np.minimum(cache["lengths"], probs.shape[0]).sum()))
    kernels.cross_entropy_backward(probs, cache["ids"], cache["lengths"], smoothing, scale, probs)
    return probs
