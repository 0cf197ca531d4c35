"""y = x Eᵀ + b: an affine layer whose weights are the rows of an embedding E.

Press & Wolf 2017, "Using the Output Embedding to Improve Language Models". It has no weights of its own: its gradient
is added to the gradient of the embedding, as is the gradient of `nn.embedding`.
"""

from seqwright import kernels
from seqwright.nn import affine
from seqwright.nn.cache import Cache
from seqwright.types import Array

__all__ = ["backward", "forward"]


def forward(E: Array, b: Array, x: Array, cache: Cache) -> Array:
    """Return x Eᵀ + b over the last axis.   E (V, H).   b (V,).   x (..., H) -> (..., V)."""
    W = cache.new("W", E.shape[::-1])
    W[:] = E.T  # in rows, as the product reads it
    return affine.forward(affine.Params(W, b), x, cache.of("affine"))


def backward(dy: Array, dE: Array, db: Array, cache: Cache) -> Array:
    """Add to the gradients dE (V, H) and db (V,), return dL/dx.   dy (..., V) -> (..., H)."""
    W = cache["W"]
    dW = cache.new("dW", W.shape)
    kernels.clear(dW)
    dx = affine.backward(affine.Params(W, None), dy, affine.Params(dW, db), cache.of("affine"))
    dE += dW.T
    return dx
