"""A gate between generating and copying, and the cross-entropy of the mixture; see `kernels.reference.copying`.

The gate is the log-odds of copying, an affine function of the inputs of the output layer.
"""

import numpy as np

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["backward", "forward"]


def forward(
    logits: Array,
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

    logits (T, B, V).   weights (T, B, S): attention weights.   gate (T, B): the log-odds of copying.
    source (S, B): target id of each source symbol, -1 for none.   targets, lengths,
    smoothing: as for `nn.cross_entropy`.
    """
    T, B, _ = logits.shape
    cache["weights"], cache["gate"], cache["source"] = weights, gate, source
    cache["ids"], cache["lengths"] = targets, lengths
    nll = cache.new("nll", (T, B))
    kernels.copy_cross_entropy_forward(
        logits, weights, gate, source, targets, lengths, smoothing, cache.new("probs", logits.shape), nll
    )
    return float(nll.sum(dtype=np.float64)) / max(1, int(np.minimum(lengths, T).sum()))


def backward(dloss: float, cache: Cache, *, smoothing: float = 0.0) -> tuple[Array, Array, Array]:
    """Return the gradients of logits, weights and gate, 0 at padding, as views of `cache`.

    dloss: gradient of the mean that the forward returned.
    """
    probs, weights, gate = cache["probs"], cache["weights"], cache["gate"]
    scale = dloss / max(1, int(np.minimum(cache["lengths"], probs.shape[0]).sum()))
    d = (probs, cache.new("dweights", weights.shape), cache.new("dgate", gate.shape))
    kernels.copy_cross_entropy_backward(
        probs, weights, gate, cache["source"], cache["ids"], cache["lengths"], smoothing, scale, *d
    )
    return d
