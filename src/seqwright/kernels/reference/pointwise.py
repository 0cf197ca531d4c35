"""tanh, dropout and zeros: one output element for one input element, or none."""

import numpy as np

from seqwright.types import Array

__all__ = ["clear", "dropout", "tanh_backward", "tanh_forward"]


def clear(out: Array) -> None:
    """Write zeros to out."""
    out[...] = 0


def tanh_forward(x: Array, out: Array) -> None:
    """Write tanh(x) to out, which may be x."""
    np.tanh(x, out=out)


def tanh_backward(dout: Array, y: Array, dx: Array) -> None:
    """Write dout (1 - y²) to dx, which may be dout; y = tanh(x)."""
    np.multiply(dout, 1 - y * y, out=dx)


def dropout(x: Array, mask: Array, out: Array) -> None:
    """Write x · mask to out, which may be x: the forward pass, and with the gradient for x the backward one.

    x, out (T, B, D).   mask (T, B, D) or (1, B, D), which serves every step: 0, or 1 / (1 - p) where a unit is kept
    (Srivastava et al. 2014; one mask a sequence: Gal & Ghahramani 2016).
    """
    np.multiply(x, mask, out=out)
