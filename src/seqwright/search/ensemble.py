"""Ensembles: the mean of the members' probabilities at each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.search.step import State, Step
from seqwright.types import Array, Ids

__all__ = ["EnsembleState", "ensemble", "mean_log_probs"]


class EnsembleState(NamedTuple):
    """The states of the members, for the same hypotheses."""

    members: tuple[Any, ...]  # a State each

    @property
    def attention_weights(self) -> Array | None:
        """The mean of the members' attention weights, (K, B, S); None unless all have attention."""
        weights = [member.attention_weights for member in self.members]
        if any(one is None for one in weights):
            return None
        mean: Array = np.mean(weights, axis=0)
        return mean

    def select(self, parents: npt.NDArray[np.intp]) -> EnsembleState:
        """Return the state of hypotheses that continue parents (K', B)."""
        return EnsembleState(tuple(member.select(parents) for member in self.members))

    def keep(self, sources: npt.NDArray[np.intp]) -> EnsembleState:
        """Return the state of a subset of the sources, sources (B',), in that order."""
        return EnsembleState(tuple(member.keep(sources) for member in self.members))


def ensemble(members: Sequence[tuple[Step[Any], State]]) -> tuple[Step[Any], Any]:
    """Return the step function and initial state of an ensemble of (step, initial state) pairs over one vocabulary.

    A symbol's probability is the arithmetic mean of its probabilities in the members. A single member is returned as
    is.
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

    The maximum is subtracted first, so that probabilities below the smallest float keep their logarithm.
    """
    top = log_probs.max(axis=0)
    top[np.isneginf(top)] = 0  # -inf if all members forbid a symbol
    with np.errstate(divide="ignore"):
        mean: Array = top + np.log(np.exp(log_probs - top).mean(axis=0))
    return mean
