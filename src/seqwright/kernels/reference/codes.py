"""Products in whole numbers: weights as int8 codes with a scale a column, rows quantised as they come.

    W[k, j] ~ w[k, j] sw[j]      w = round(127 W / max_k |W[k, j]|)
    x[r, k] ~ q[r, k] sx[r]      q = round(127 x / max_k |x[r, k]|)
    x W     ~ (sx[r] sw[j]) Σ_k q[r, k] w[k, j]

The sum is exact. Quantising what has been quantised and restored gives the same codes, so a network of int8 weights is
one of floats whose weights happen to be multiples of their scales.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.types import Array

__all__ = ["Codes", "product", "product_of_codes", "quantise"]

LARGEST = 127
LEAST = 1e-30  # what is smaller counts as 0: LARGEST over it may not be a number


class Codes(NamedTuple):
    """codes int8, and float scales that broadcast against them: the array is codes · scales."""

    codes: npt.NDArray[np.int8]
    scales: Array


def quantise(x: Array, *, axis: int) -> Codes:
    """Return x as codes, with one scale for all elements along the axis."""
    top = np.abs(x).max(axis=axis, keepdims=True, initial=0)
    top[top < LEAST] = 0
    inverse = np.divide(x.dtype.type(LARGEST), top, out=np.zeros_like(top), where=top > 0)
    codes = np.clip(np.rint(x * inverse), -LARGEST, LARGEST).astype(np.int8)
    return Codes(codes, top / x.dtype.type(LARGEST))


def product(x: Array, W: Array, b: Array | None, *, int8: bool) -> Array:
    """Return x W + b over rows, x (N, K), W (K, M), b (M,); with `int8`, from the codes of x and of W."""
    y = product_of_codes(x, quantise(W, axis=0)) if int8 else x @ W
    return y if b is None else y + b


def product_of_codes(x: Array, W: Codes) -> Array:
    """Return x W over rows, from the codes of x (N, K) and those of W (K, M), which has a scale a column."""
    rows = quantise(x, axis=1)
    total = rows.codes.astype(np.float64) @ W.codes.astype(np.float64)  # exact: far below 2^53
    y: Array = total.astype(x.dtype) * (rows.scales * W.scales)
    return y
