"""Arrays that a layer's forward pass keeps for its backward pass."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Shape

__all__ = ["Cache"]


class Cache:
    """Named buffers that grow with the largest batch and are reused by every smaller one.

    Threads that share the weights of a layer need a cache each. `of(name)` is the cache of a part, created on first
    use.

    Buffers never shrink: `training.max_batch_tokens` bounds their size by the largest batch.

    Parameters
    ----------
    dtype : dtype
        Of the buffers.
    """

    dtype: np.dtype[Any]

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self._buffers: dict[str, Array] = {}
        self._arrays: dict[str, npt.NDArray[Any] | None] = {}
        self._parts: dict[str, Cache] = {}

    def of(self, name: str) -> Cache:
        """Return the cache of a part, which is created on first use.

        Parameters
        ----------
        name : str
            Name of the part.

        Returns
        -------
        Cache
            The cache of the part.
        """
        if name not in self._parts:
            self._parts[name] = Cache(self.dtype)
        return self._parts[name]

    def new(self, name: str, shape: Shape) -> Array:
        """Return an uninitialised array, which replaces the previous array of that name.

        Parameters
        ----------
        name : str
            Name under which the array is stored.
        shape : tuple of int
            Shape of the array.

        Returns
        -------
        ndarray
            A view of a buffer of the cache.
        """
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size:
            buffer = self._buffers[name] = np.empty(size, self.dtype)
        array = self._arrays[name] = buffer[:size].reshape(shape)
        return array

    def __setitem__(self, name: str, array: npt.NDArray[Any] | None) -> None:
        """Store an array that the caller owns and does not modify before the backward pass, or None."""
        self._arrays[name] = array

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        array = self._arrays[name]
        assert array is not None, f"the forward had no {name}"
        return array

    def get(self, name: str) -> npt.NDArray[Any] | None:
        """Return a stored array.

        Parameters
        ----------
        name : str
            Name under which it is stored.

        Returns
        -------
        ndarray or None
            The array, or None if None was stored.
        """
        return self._arrays[name]
