"""All parameters of a network as named views into one flat vector."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

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
        self.named: dict[str, Array] = {}
        start = 0
        for name, shape in self.shapes.items():
            stop = start + math.prod(shape)
            self.named[name] = self.flat[start:stop].reshape(shape)
            start = stop

    def like(self) -> Parameters:
        """Return zeros of the same names, shapes and dtype, as for gradients."""
        return Parameters(self.shapes, self.flat.dtype)

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
