"""Several models searched as one: the mean of their probabilities at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.search.step import State, Step
from seqwright.types import Array, Ids

__all__ = ["EnsembleState", "ensemble", "mean_log_probs"]


class EnsembleState(NamedTuple):
    """The state of each member; all stand at the same hypotheses."""

    members: tuple[Any, ...]  # a State each

    @property
    def attended(self) -> Array | None:
        """The mean of where the members looked, (K, B, S); None unless all can say."""
        looks = [member.attended for member in self.members]
        if any(look is None for look in looks):
            return None
        mean: Array = np.mean(looks, axis=0)
        return mean

    def select(self, parents: npt.NDArray[np.intp]) -> EnsembleState:
        """Return the state of hypotheses that continue parents (K', B)."""
        return EnsembleState(tuple(member.select(parents) for member in self.members))

    def keep(self, sources: npt.NDArray[np.intp]) -> EnsembleState:
        """Return the state of some sources only, sources (B',) in that order."""
        return EnsembleState(tuple(member.keep(sources) for member in self.members))


def ensemble(members: Sequence[tuple[Step[Any], State]]) -> tuple[Step[Any], Any]:
    """Return the step function and first state of the ensemble of (step, first state) pairs over one vocabulary.

    A symbol's probability is the arithmetic mean of what the members give it; one member alone is searched as it is.
    """
    if len(members) == 1:
        return members[0]
    steps = [step for step, _ in members]

    def step(ids: Ids, state: EnsembleState) -> tuple[Array, EnsembleState]:
        answers = [member(ids, part) for member, part in zip(steps, state.members, strict=True)]
        log_probs = mean_log_probs(np.stack([log_probs for log_probs, _ in answers]))  # (members, K, B, V)
        return log_probs, EnsembleState(tuple(part for _, part in answers))

    return step, EnsembleState(tuple(state for _, state in members))


def mean_log_probs(log_probs: Array) -> Array:
    """Return the logarithm of the mean of the probabilities of several models, (models, …) -> (…).

    The greatest of them is taken out first: a product that none of them can hold as a number keeps its logarithm.
    """
    top = log_probs.max(axis=0)
    top[np.isneginf(top)] = 0  # what all forbid stays at -inf
    with np.errstate(divide="ignore"):
        mean: Array = top + np.log(np.exp(log_probs - top).mean(axis=0))
    return mean
