"""A gate between generating and copying, and the cross-entropy of the mixture; see `kernels.reference.copying`.

The gate is the log-odds of copying, an affine function of the inputs of the output layer.
"""

from seqwright import kernels
from seqwright.nn import cross_entropy
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["backward", "each", "forward"]


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
    nll = each(logits, weights, gate, source, targets, lengths, cache, smoothing=smoothing)
    return cross_entropy.mean(nll, lengths)


def each(
    logits: Array,
    weights: Array,
    gate: Array,
    source: Ids,
    targets: Ids,
    lengths: Ids,
    cache: Cache,
    *,
    smoothing: float,
) -> Array:
    """Return the cross-entropy of each symbol (T, B), 0 at padding."""
    cache["weights"], cache["gate"], cache["source"] = weights, gate, source
    cache["ids"], cache["lengths"] = targets, lengths
    nll = cache.new("nll", targets.shape)
    kernels.copy_cross_entropy_forward(
        logits, weights, gate, source, targets, lengths, smoothing, cache.new("probs", logits.shape), nll
    )
    return nll


def backward(dloss: float, cache: Cache, *, smoothing: float = 0.0, n: int | None = None) -> tuple[Array, Array, Array]:
    """Return the gradients of logits, weights and gate, 0 at padding, as views of `cache`.

    dloss: gradient of the mean.   n: number of symbols of the mean, by default those of the forward.
    """
    probs, weights, gate = cache["probs"], cache["weights"], cache["gate"]
    scale = dloss / (cross_entropy.n_symbols(len(probs), cache["lengths"]) if n is None else n)
    d = (probs, cache.new("dweights", weights.shape), cache.new("dgate", gate.shape))
    kernels.copy_cross_entropy_backward(
        probs, weights, gate, cache["source"], cache["ids"], cache["lengths"], smoothing, scale, *d
    )
    return d
