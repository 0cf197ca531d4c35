"""Softmax cross-entropy over time: the mean over all real target symbols of a batch, with label smoothing."""

import numpy as np

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["backward", "each", "forward", "mean", "n_symbols"]


def forward(logits: Array, targets: Ids, lengths: Ids, cache: Cache, *, smoothing: float = 0.0) -> float:
    """Return the mean cross-entropy, in nats a symbol.

    logits (T, B, V).   targets (T, B), of which row b has lengths[b] symbols; the others are padding.
    smoothing: ε of the target distribution (1 - ε) δ_y + ε / V (Szegedy et al. 2016, section 7).
    """
    probs = cache.new("probs", logits.shape)
    return mean(each(logits, targets, lengths, cache, smoothing=smoothing, probs=probs), lengths)


def each(logits: Array, targets: Ids, lengths: Ids, cache: Cache, *, smoothing: float, probs: Array) -> Array:
    """Return the cross-entropy of each symbol (T, B), 0 at padding.   probs (T, B, V): written; may be `logits`."""
    cache["ids"], cache["lengths"], cache["probs"] = targets, lengths, probs
    nll = cache.new("nll", targets.shape)
    kernels.cross_entropy_forward(logits, targets, lengths, smoothing, probs, nll)
    return nll


def mean(nll: Array, lengths: Ids) -> float:
    """Return the mean of the cross-entropies nll (T, B) of all real symbols."""
    return float(nll.sum(dtype=np.float64)) / n_symbols(len(nll), lengths)


def n_symbols(T: int, lengths: Ids) -> int:
    """Return the number of real symbols among T steps, at least 1."""
    return max(1, int(np.minimum(lengths, T).sum()))


def backward(dloss: float, cache: Cache, *, smoothing: float = 0.0, n: int | None = None) -> Array:
    """Return dL/dlogits (T, B, V), 0 at padding, a view of the probabilities that it replaces.

    dloss: gradient of the mean.   n: number of symbols of the mean, by default those of the forward.
    """
    probs = cache["probs"]
    scale = dloss / (n_symbols(len(probs), cache["lengths"]) if n is None else n)
    kernels.cross_entropy_backward(probs, cache["ids"], cache["lengths"], smoothing, scale, probs)
    return probs
