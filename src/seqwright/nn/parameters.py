"""Parameters of a network: named views into one flat vector, each declared with a shape and a role."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Shape

__all__ = ["Declared", "Parameters", "Role"]


class Role(Enum):
    """Role of a parameter, which determines its initial values."""

    EMBEDDING = auto()
    INPUT = auto()  # of an LSTM's gates, from the layer below
    RECURRENT = auto()  # of an LSTM's gates, from the step before
    GATE_BIAS = auto()
    ATTENTION = auto()
    PROJECTION = auto()  # any other matrix
    BIAS = auto()


class Declared(NamedTuple):
    """Declaration of a parameter by its layer.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    role : Role
        Its role, which determines its initial values.
    contracted : int, default 0
        The axis along which products sum; the 8-bit codes of each entry of the other axis share a scale.
    vocabulary : int, optional
        The axis with an entry for each symbol.
    """

    shape: Shape
    role: Role
    contracted: int = 0
    vocabulary: int | None = None


class Parameters(Sequence[Array]):
    """A flat vector and its named views, in a fixed order; clipping, Adam, averaging and saving loop over `flat`.

    As a sequence it is the list of arrays that the article calls `params` (or `grads`).

    Parameters
    ----------
    declared : mapping of str to Declared
        Each parameter by name, in the order of the vector.
    dtype : dtype, default float32
        Of all arrays, which are zeros.

    Attributes
    ----------
    flat : ndarray
        The vector, which the views share.
    named : dict of str to ndarray
        The views by name.
    """

    declared: dict[str, Declared]
    dtype: np.dtype[np.floating[Any]]

    def __init__(self, declared: Mapping[str, Declared], dtype: npt.DTypeLike = np.float32) -> None:
        self.declared = dict(declared)
        self.flat: Array = np.zeros(sum(math.prod(one.shape) for one in self.declared.values()), dtype)
        self.dtype = self.flat.dtype
        self.named: dict[str, Array] = {}
        start = 0
        for name, (shape, *_) in self.declared.items():
            stop = start + math.prod(shape)
            self.named[name] = self.flat[start:stop].reshape(shape)
            start = stop

    @classmethod
    def around(cls, declared: Mapping[str, Declared], arrays: Mapping[str, Array]) -> Self:
        """Return read-only parameters over given arrays, without a copy.

        Parameters
        ----------
        declared : mapping of str to Declared
            Each parameter by name.
        arrays : mapping of str to ndarray
            The array of each.

        Returns
        -------
        Parameters
            The parameters.
        """
        params = cls.__new__(cls)
        params.declared = dict(declared)
        params.named = {name: np.asarray(arrays[name], order="C") for name in declared}
        params.dtype = next(iter(arrays.values())).dtype
        return params

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape of each parameter by name."""
        return {name: one.shape for name, one in self.declared.items()}

    @functools.cached_property
    def flat(self) -> Array:
        """Return a read-only copy of separate arrays as one vector."""
        flat = np.concatenate([array.ravel() for array in self.named.values()])
        flat.setflags(write=False)
        return flat

    def like(self) -> Self:
        """Return zeros of the same names, shapes and dtype, as for gradients.

        Returns
        -------
        Parameters
            The zeros, in a vector of their own.
        """
        return type(self)(self.declared, self.dtype)

    def under(self, prefix: str) -> dict[str, Array]:
        """Return the views whose names start with a prefix.

        Parameters
        ----------
        prefix : str
            The start of the names.

        Returns
        -------
        dict of str to ndarray
            The views, by the rest of their names.
        """
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
