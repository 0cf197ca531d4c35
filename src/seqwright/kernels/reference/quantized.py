"""Products of 8-bit integers: int8 weights with a scale for each column, inputs quantised by row as they arrive.

    W[k, j] ≈ w[k, j] sw[j]      w = round(127 W / max_k |W[k, j]|)
    x[r, k] ≈ q[r, k] sx[r]      q = round(127 x / max_k |x[r, k]|)
    x W     ≈ (sx[r] sw[j]) Σ_k q[r, k] w[k, j]

The sum is exact. Quantising a dequantised matrix gives the same codes, so a network of int8 weights is a network of
floats that happen to be multiples of their scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Shape

__all__ = ["LARGEST", "LEAST", "QuantizedMatrix", "quantize"]

LARGEST = 127
LEAST = 1e-30  # a smaller maximum counts as 0: LARGEST divided by it may overflow


def quantize(x: Array, *, axis: int) -> tuple[npt.NDArray[np.int8], Array]:
    """Return int8 codes and scales that broadcast against them, x ≈ codes · scales.

    axis: all elements along it share a scale.
    """
    top = np.abs(x).max(axis=axis, keepdims=True, initial=0)
    top[top < LEAST] = 0
    inverse = np.divide(x.dtype.type(LARGEST), top, out=np.zeros_like(top), where=top > 0)
    codes = np.clip(np.rint(x * inverse), -LARGEST, LARGEST).astype(np.int8)
    return codes, top / x.dtype.type(LARGEST)


class QuantizedMatrix:
    """A matrix W (K, M) for layers to multiply by: `x @ W` and `np.matmul(x, W, out=y)` are products of codes.

    parts: the columns of x at which it is split into parts that are quantised separately.
    """

    def __init__(self, W: Array, *, parts: Sequence[int] = ()) -> None:
        codes, self._scales = quantize(W, axis=0)
        self._codes = codes.astype(np.float64)  # products of float64 matrices are fast, and exact far below 2^53
        self._parts = tuple(parts)

    @property
    def shape(self) -> Shape:
        """(K, M)."""
        return self._codes.shape[0], self._codes.shape[1]

    def __getitem__(self, rows: slice) -> QuantizedMatrix:
        """Return some rows, with the scales of all."""
        some = QuantizedMatrix.__new__(QuantizedMatrix)
        some._codes, some._scales, some._parts = self._codes[rows], self._scales, ()
        return some

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, x: Any, W: Any, /, *, out: tuple[Array] | None = None
    ) -> Any:
        if ufunc is not np.matmul or method != "__call__" or W is not self:
            return NotImplemented
        y = self._product(x)
        if out is None:
            return y
        out[0][...] = y
        return out[0]

    def _product(self, x: Array) -> Array:
        """Return x W over rows, x (N, K)."""
        y = np.zeros((len(x), self.shape[1]), x.dtype)
        parts = zip(np.split(x, self._parts, axis=1), np.split(self._codes, self._parts), strict=True)
        for inputs, weights in parts:
            codes, scales = quantize(inputs, axis=1)
            total = codes.astype(np.float64) @ weights
            y += total.astype(x.dtype) * (scales * self._scales)
        return y
