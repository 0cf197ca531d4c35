"""What a search asks of a constraint, and how it obeys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Ids

__all__ = ["Constraint", "permit_"]

FLOOR = -1e4  # nats: what a constraint wants stays possible where the model's probability has come to nothing


class Constraint(Protocol):
    """A set of targets, read symbol by symbol without the end symbol. A state says what has been read; -1: none is.

    Every state that is reached by allowed symbols has a way into the set.
    """

    @property
    def start(self) -> int:
        """The state before the first symbol."""

    def accepts(self, state: int) -> bool:
        """Return whether what has been read is in the set."""

    def allowed(self, state: int, remaining: int | None) -> Ids:
        """Return the ids behind which the set can still be reached with `remaining` symbols, theirs included.

        None: with any number.
        """

    def advance(self, state: int, symbol: int) -> int:
        """Return the state behind one more symbol."""

    def distance(self, state: int) -> int:
        """Return how many symbols are needed at least to come into the set."""


def permit_(
    log_probs: Array,
    states: Sequence[Sequence[int]],
    constraint: Constraint | None,
    *,
    end_id: int,
    n_left: Ids,
    too_short: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Forbid what may not come next, by -inf in log_probs (K, B, V); return where an end is the model's own, (K, B).

    states: of the hypotheses of each of B sources, up to K.   n_left (B,): how many symbols may come before the end.
    too_short (B,): the end may not come yet; a constraint has to see to that itself.
    An end that only the greatest length brings about is not the model's own.
    """
    others = np.arange(log_probs.shape[2]) != end_id
    full = n_left <= 0
    if constraint is None:
        own: npt.NDArray[np.bool_] = (log_probs.argmax(axis=2) == end_id) | ~full
        log_probs[:, full[:, None] & others] = -np.inf
        log_probs[:, too_short & ~full, end_id] = -np.inf
        return own
    own = np.ones(log_probs.shape[:2], np.bool_)
    for column, places in enumerate(states):
        for k, place in enumerate(places):
            row = log_probs[k, column]
            if full[column]:
                further = constraint.allowed(place, None)
                own[k, column] = not further.size or row[end_id] > row[further].max()
            ids = constraint.allowed(place, int(n_left[column]))
            if constraint.accepts(place):
                ids = np.append(ids, np.int32(end_id))
            kept = np.maximum(row[ids], FLOOR)
            row[:] = -np.inf
            row[ids] = kept
    return own
