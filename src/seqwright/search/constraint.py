"""The rules of a search over steps, as masks of log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqwright.kernels.reference import constraint
from seqwright.search.automaton import Automaton
from seqwright.search.rules import Rules
from seqwright.types import Array

__all__ = ["advance", "permit_"]


def permit_(
    log_probs: Array,
    states: Sequence[Sequence[int]],
    rules: Rules,
    *,
    sources: npt.NDArray[np.intp],
    length: int,
) -> npt.NDArray[np.bool_]:
    """Set log_probs (K, B, V) of forbidden symbols to -inf; return whether the model itself would end, (K, B).

    states: of the constraint, for up to K hypotheses of each of the sources (B,), all of `length` symbols.
    The result is False where only the maximum length forces the end symbol.
    """
    end_id, automaton = rules.end_id, rules.constraint
    n_left = rules.max_lengths[sources] - length
    full = n_left <= 0
    if automaton is None:
        others = np.arange(log_probs.shape[2]) != end_id
        too_short = rules.fewest[sources] > length
        by_model: npt.NDArray[np.bool_] = (log_probs.argmax(axis=2) == end_id) | ~full
        log_probs[:, full[:, None] & others] = -np.inf
        log_probs[:, too_short & ~full, end_id] = -np.inf
        return by_model
    by_model = np.ones(log_probs.shape[:2], np.bool_)
    for column, some in enumerate(states):
        for k, state in enumerate(some):
            row = log_probs[k, column]
            by_model[k, column] = constraint.permit_(row, automaton.arrays, state, end_id, int(n_left[column]), False)
    return by_model


def advance(automaton: Automaton | None, state: int, symbol: int) -> int:
    """Return the state after one more, allowed symbol; 0 without an automaton."""
    return 0 if automaton is None else constraint.advance(automaton.arrays, state, symbol)
