"""A gate between generating and copying, and the cross-entropy of the mixture; see `kernels.reference.copying`.

The gate is an affine layer of one output over what the scores are made from: the log-odds of copying.
"""

import numpy as np

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["backward", "forward"]


def forward(
    scores: Array,
    weights: Array,
    gate: Array,
    source: Ids,
    targets: Ids,
    lengths: Ids,
    cache: Cache,
    *,
    smoothing: float = 0.0,
) -> float:
    """Return the mean cross-entropy, in nats a symbol.

    scores (T, B, V).   weights (T, B, S): where each step looks.   gate (T, B): the log-odds of copying.
    source (S, B): the target's id of each source symbol, -1 for one that cannot be copied.   targets, lengths,
    smoothing: as for `nn.cross_entropy`.
    """
    T, B, _ = scores.shape
    cache["weights"], cache["gate"], cache["source"] = weights, gate, source
    cache["ids"], cache["lengths"] = targets, lengths
    nll = cache.new("nll", (T, B))
    kernels.copy_cross_entropy_forward(
        scores, weights, gate, source, targets, lengths, smoothing, cache.new("probs", scores.shape), nll
    )
    return float(nll.sum(dtype=np.float64)) / max(1, int(np.minimum(lengths, T).sum()))


def backward(dloss: float, cache: Cache, *, smoothing: float = 0.0) -> tuple[Array, Array, Array]:
    """Return the gradients of scores, weights and gate, 0 at padding, as views of `cache`.

    dloss: gradient of the mean that the forward returned.
    """
    probs, weights, gate = cache["probs"], cache["weights"], cache["gate"]
    scale = dloss / max(1, int(np.minimum(cache["lengths"], probs.shape[0]).sum()))
    d = (probs, cache.new("dweights", weights.shape), cache.new("dgate", gate.shape))
    kernels.copy_cross_entropy_backward(
        probs, weights, gate, cache["source"], cache["ids"], cache["lengths"], smoothing, scale, *d
    )
    return d
