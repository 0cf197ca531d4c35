"""All parameters of a network as named views into one flat vector."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Self, overload

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Shape

__all__ = ["Parameters"]


class Parameters(Sequence[Array]):
    """A flat vector and its named views, in a fixed order; clipping, Adam, averaging and saving loop over `flat`.

    As a sequence it is the list of arrays that the article calls `params` (or `grads`).
    """

    def __init__(self, shapes: Mapping[str, Shape], dtype: npt.DTypeLike = np.float32) -> None:
        self.shapes = dict(shapes)
        self.flat: Array = np.zeros(sum(math.prod(shape) for shape in self.shapes.values()), dtype)
        self.dtype = self.flat.dtype
        self.named: dict[str, Array] = {}
        start = 0
        for name, shape in self.shapes.items():
            stop = start + math.prod(shape)
            self.named[name] = self.flat[start:stop].reshape(shape)
            start = stop

    @classmethod
    def around(cls, arrays: Mapping[str, Array]) -> Self:
        """Return parameters that are the arrays themselves, in their order, to be read only; nothing is copied."""
        params = cls.__new__(cls)
        params.named = dict(arrays)
        params.shapes = {name: array.shape for name, array in arrays.items()}
        params.dtype = next(iter(arrays.values())).dtype
        return params

    @functools.cached_property
    def flat(self) -> Array:
        """Return a copy of arrays that lie apart, which cannot be written to."""
        flat = np.concatenate([array.ravel() for array in self.named.values()])
        flat.setflags(write=False)
        return flat

    def like(self) -> Self:
        """Return zeros of the same names, shapes and dtype, as for gradients."""
        return type(self)(self.shapes, self.dtype)

    def under(self, prefix: str) -> dict[str, Array]:
        """Return the views whose names start with `prefix`, by the rest of their names."""
        return {name.removeprefix(prefix): a for name, a in self.named.items() if name.startswith(prefix)}

    @overload
    def __getitem__(self, index: int) -> Array: ...
    @overload
    def __getitem__(self, index: slice) -> list[Array]: ...
    def __getitem__(self, index: int | slice) -> Array | list[Array]:
        return list(self.named.values())[index]

    def __len__(self) -> int:
        return len(self.named)

    def __iter__(self) -> Iterator[Array]:
        return iter(self.named.values())
