"""How a search over steps keeps to its rules."""

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
    """Forbid what may not come next, by -inf in log_probs (K, B, V); return where an end is the model's own, (K, B).

    states: of the constraint, for up to K hypotheses of each of B sources (B,), all of which have `length` symbols.
    An end that only the greatest length brings about is not the model's own.
    """
    end_id, automaton = rules.end_id, rules.constraint
    n_left = rules.max_lengths[sources] - length
    full = n_left <= 0
    if automaton is None:
        others = np.arange(log_probs.shape[2]) != end_id
        too_short = rules.shortest[sources] > length
        own: npt.NDArray[np.bool_] = (log_probs.argmax(axis=2) == end_id) | ~full
        log_probs[:, full[:, None] & others] = -np.inf
        log_probs[:, too_short & ~full, end_id] = -np.inf
        return own
    own = np.ones(log_probs.shape[:2], np.bool_)
    for column, some in enumerate(states):
        for k, state in enumerate(some):
            row = log_probs[k, column]
            own[k, column] = constraint.permit_(row, automaton.arrays, state, end_id, int(n_left[column]), False)
    return own


def advance(automaton: Automaton | None, state: int, symbol: int) -> int:
    """Return the state behind one more symbol, which is one of those allowed; 0 where there is no automaton."""
    return 0 if automaton is None else constraint.advance(automaton.arrays, state, symbol)
