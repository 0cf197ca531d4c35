"""Interface between searches and models."""

from __future__ import annotations

from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Ids

__all__ = ["State", "Step"]


class State(Protocol):
    """Immutable state of K hypotheses for each of B sources."""

    @property
    def attention_weights(self) -> Array | None:
        """Attention weights of the last symbol of each hypothesis, (K, B, S), None without attention."""

    def select(self, parents: npt.NDArray[np.intp]) -> State:
        """Return the state of hypotheses that continue parents (K', B): parents[k, b] is one of the K of source b."""

    def keep(self, sources: npt.NDArray[np.intp]) -> State:
        """Return the state of a subset of the sources, sources (B',), in that order."""


S = TypeVar("S", bound=State)


class Step(Protocol[S]):
    """A model of the next symbol."""

    def __call__(self, ids: Ids, state: S) -> tuple[Array, S]:
        """Return the log-probabilities (K, B, V) of the symbol after ids (K, B), and the next state.

        The caller may modify the array, and the next call may overwrite it.
        """
