"""y = x W + b over rows, and its gradients; also with the rows of an embedding as the columns of W."""

import numpy as np

from seqwright.types import Array

__all__ = ["affine_backward", "affine_forward", "tied_affine_backward", "tied_affine_forward"]


def affine_forward(x: Array, W: Array, b: Array | None, out: Array) -> None:
    """Write out = x W + b.

    x (N, D).   W (D, M).   b (M,), or None for a plain product.   out (N, M).
    """
    np.matmul(x, W, out=out)
    if b is not None:
        out += b


def affine_backward(dout: Array, x: Array, W: Array, dx: Array, dW: Array, db: Array | None, add: bool = False) -> None:
    """Write dx = dout Wᵀ, or with `add`, add it; add xᵀ dout to dW and the column sums of dout to db.

    dout (N, M).   x (N, D).   W (D, M).   dx (N, D), which may be some columns of a wider array.   dW (D, M).
    db (M,) or None.
    """
    dW += x.T @ dout
    if db is not None:
        db += dout.sum(axis=0)
    if add:
        dx += dout @ W.T
    else:
        np.matmul(dout, W.T, out=dx)


def tied_affine_forward(x: Array, E: Array, b: Array, out: Array) -> None:
    """Write out = x Eᵀ + b.

    x (N, D).   E (V, D).   b (V,).   out (N, V).
    """
    np.matmul(x, E.T, out=out)
    out += b


def tied_affine_backward(dout: Array, x: Array, E: Array, dx: Array, dE: Array, db: Array) -> None:
    """Write dx = dout E; add doutᵀ x to dE and the column sums of dout to db.

    dout (N, V).   x (N, D).   E (V, D).   dx (N, D).   dE (V, D).   db (V,).
    """
    dE += dout.T @ x
    db += dout.sum(axis=0)
    np.matmul(dout, E, out=dx)
