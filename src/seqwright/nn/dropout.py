"""Dropout: in training a random share of the units is zero, and the others are scaled to keep the mean.

Srivastava et al. 2014, in its inverted form; with one mask for all steps of a sequence it is variational dropout
(Gal & Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks").
"""

import numpy as np

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.types import Array

__all__ = ["backward", "forward"]


def forward(x: Array, rate: float, rng: np.random.Generator | None, cache: Cache) -> Array:
    """Return x · mask, where each of the mask's (1, B, D) units serves all steps; x itself at rate 0 or without `rng`.

    x (T, B, D).   rate: the share of units to drop, in [0, 1).
    """
    cache["mask"] = None
    if rng is None or rate == 0:
        return x
    mask = cache.new("mask", (1, *x.shape[1:]))
    np.multiply(rng.random(mask.shape, np.float32) >= rate, 1 / (1 - rate), out=mask, casting="same_kind")
    out = cache.new("out", x.shape)
    kernels.dropout(x, mask, out)
    return out


def backward(dout: Array, cache: Cache) -> Array:
    """Return dL/dx (T, B, D): dout through the mask of the last forward."""
    mask = cache.get("mask")
    if mask is None:
        return dout
    dx = cache.new("dx", dout.shape)
    kernels.dropout(dout, mask, dx)
    return dx
