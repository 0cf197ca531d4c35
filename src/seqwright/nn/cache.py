"""What a layer's forward leaves for its backward."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Shape

__all__ = ["Cache"]


class Cache:
    """Named buffers that grow with the largest batch and are reused by every smaller one.

    One cache serves one caller: two threads that share the weights of a layer bring a cache each. `of(name)` is the
    cache of a part, made at its first use.

    Buffers never shrink: what a training holds is bounded by its largest batch, `training.max_batch_tokens`.
    """

    dtype: np.dtype[Any]

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self._buffers: dict[str, Array] = {}
        self._arrays: dict[str, npt.NDArray[Any] | None] = {}
        self._parts: dict[str, Cache] = {}

    def of(self, name: str) -> Cache:
        """Return the cache of the part called `name`."""
        if name not in self._parts:
            self._parts[name] = Cache(self.dtype)
        return self._parts[name]

    def new(self, name: str, shape: Shape) -> Array:
        """Return an uninitialised array, remembered as `name`; it takes the place of the last one of that name."""
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size:
            buffer = self._buffers[name] = np.empty(size, self.dtype)
        array = self._arrays[name] = buffer[:size].reshape(shape)
        return array

    def __setitem__(self, name: str, array: npt.NDArray[Any] | None) -> None:
        """Remember an array that somebody else owns and that stays unchanged until the backward pass; None for none."""
        self._arrays[name] = array

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        array = self._arrays[name]
        assert array is not None, f"the forward had no {name}"
        return array

    def get(self, name: str) -> npt.NDArray[Any] | None:
        """Return the array called `name`, or None where that was remembered."""
        return self._arrays[name]
