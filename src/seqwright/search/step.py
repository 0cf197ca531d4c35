"""What a search asks of a model."""

from __future__ import annotations

from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Ids

__all__ = ["State", "Step"]


class State(Protocol):
    """Where K hypotheses for each of B sources stand; immutable."""

    @property
    def attended(self) -> Array | None:
        """Where the last symbol of each hypothesis looked, (K, B, S), if the model can say."""

    def select(self, parents: npt.NDArray[np.intp]) -> State:
        """Return the state of hypotheses that continue parents (K', B): parents[k, b] is one of the K of source b."""

    def keep(self, sources: npt.NDArray[np.intp]) -> State:
        """Return the state of some sources only, sources (B',) in that order."""


S = TypeVar("S", bound=State)


class Step(Protocol[S]):
    """A model of the next symbol."""

    def __call__(self, ids: Ids, state: S) -> tuple[Array, S]:
        """Return log-probabilities (K, B, V) of the symbol behind ids (K, B), and the state behind it.

        The array may be overwritten by the next call, and by the caller.
        """
