"""y = x W + b."""

from typing import NamedTuple

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.types import Array

__all__ = ["Params", "backward", "forward"]


class Params(NamedTuple):
    """W (D, M) and b (M,), or None for a plain product."""

    W: Array
    b: Array | None


def forward(p: Params, x: Array, cache: Cache) -> Array:
    """Return x W + b over the last axis.   x (..., D) -> (..., M)."""
    D, M = p.W.shape
    cache["x"] = x
    y = cache.new("y", (*x.shape[:-1], M))
    kernels.affine_forward(x.reshape(-1, D), p.W, p.b, y.reshape(-1, M))
    return y


def backward(p: Params, dy: Array, grads: Params, cache: Cache) -> Array:
    """Add to the gradients of W and b, return dL/dx.   dy (..., M) -> (..., D)."""
    D, M = p.W.shape
    x = cache["x"]
    dx = cache.new("dx", x.shape)
    kernels.affine_backward(dy.reshape(-1, M), x.reshape(-1, D), p.W, dx.reshape(-1, D), grads.W, grads.b)
    return dx
