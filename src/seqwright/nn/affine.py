"""y = x W + b."""

from typing import NamedTuple

import numpy as np

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.nn.parameters import Declared, Role
from seqwright.types import Array

__all__ = ["Params", "backward", "declared", "forward"]


class Params(NamedTuple):
    """W (D, M) and b (M,), or None for a plain product."""

    W: Array
    b: Array | None


def declared(D: int, M: int, *, vocabulary: bool = False) -> dict[str, Declared]:
    """Return the parameters by name.   vocabulary: whether each of the M outputs is a symbol."""
    return {
        "W": Declared((D, M), Role.PROJECTION, vocabulary=1 if vocabulary else None),
        "b": Declared((M,), Role.BIAS, vocabulary=0 if vocabulary else None),
    }


def forward(p: Params, x: Array, cache: Cache) -> Array:
    """Return x W + b over the last axis.   x (..., D) -> (..., M)."""
    D, M = p.W.shape
    cache["x"] = x
    y = cache.new("y", (*x.shape[:-1], M))
    kernels.affine_forward(x.reshape(-1, D), p.W, p.b, y.reshape(-1, M))
    return y


def backward(p: Params, dy: Array, grads: Params, cache: Cache, *, dx: Array | None = None) -> Array:
    """Add to the gradients of W and b, return dL/dx.   dy (..., M) -> (..., D).

    dx (..., D): where dL/dx is added to what is there; it may be some columns of a wider array.
    """
    D, M = p.W.shape
    x = cache["x"]
    add = dx is not None
    dx = cache.new("dx", x.shape) if dx is None else dx
    rows = dx.reshape(-1, D)
    assert np.may_share_memory(rows, dx) or not rows.size, "dx does not lie evenly: its rows would be a copy"
    kernels.affine_backward(dy.reshape(-1, M), x.reshape(-1, D), p.W, rows, grads.W, grads.b, add)
    return dx
