"""y = x Eᵀ + b: an affine layer whose weights are the rows of an embedding E.

Press & Wolf 2017, "Using the Output Embedding to Improve Language Models". It has no weights of its own: its gradient
is added to the gradient of the embedding, as is the gradient of `nn.embedding`.
"""

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.types import Array

__all__ = ["backward", "forward"]


def forward(E: Array, b: Array, x: Array, cache: Cache) -> Array:
    """Return x Eᵀ + b over the last axis.   E (V, H).   b (V,).   x (..., H) -> (..., V)."""
    V, H = E.shape
    cache["x"] = x
    y = cache.new("y", (*x.shape[:-1], V))
    kernels.tied_affine_forward(x.reshape(-1, H), E, b, y.reshape(-1, V))
    return y


def backward(E: Array, dy: Array, dE: Array, db: Array, cache: Cache) -> Array:
    """Add to the gradients dE (V, H) and db (V,), return dL/dx.   dy (..., V) -> (..., H)."""
    V, H = E.shape
    x = cache["x"]
    dx = cache.new("dx", x.shape)
    kernels.tied_affine_backward(dy.reshape(-1, V), x.reshape(-1, H), E, dx.reshape(-1, H), dE, db)
    return dx
