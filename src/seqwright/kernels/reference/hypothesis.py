"""The beginning of a target, as a search follows it."""

from __future__ import annotations

from typing import NamedTuple

from seqwright.kernels.reference.constraint import Automaton, advance
from seqwright.types import Array, Ids

__all__ = ["Hypothesis", "write"]


class Hypothesis(NamedTuple):
    """The last symbol, behind the others.   total: the sum of their log-probabilities.   look: where it looked, (S,).

    state: of the automaton, behind the symbol.
    """

    before: Hypothesis | None
    symbol: int
    log_prob: float
    total: float
    look: Array | None
    state: int

    @classmethod
    def root(cls, start_id: int) -> Hypothesis:
        """Return that of no symbols."""
        return cls(None, start_id, 0.0, 0.0, None, 0)

    def followed(self, symbol: int, log_prob: float, look: Array | None) -> Hypothesis:
        """Return the hypothesis with one more symbol, in the same state."""
        return Hypothesis(self, symbol, log_prob, self.total + float(log_prob), look, self.state)

    def in_state(self, automaton: Automaton | None) -> Hypothesis:
        """Return the same in the state behind its last symbol."""
        return self if automaton is None else self._replace(state=advance(automaton, self.state, self.symbol))


def write(
    end: Hypothesis,
    source: int,
    place: int,
    own: bool,
    ids: Ids,
    log_probs: Array,
    lengths: Ids,
    own_end: Ids,
    attended: Array | None,
) -> None:
    """Write a hypothesis that has ended as the target at a place of a source; the arrays are those of `beam`."""
    path = []
    one = end
    while one.before is not None:
        path.append(one)
        one = one.before
    lengths[source, place], own_end[source, place] = len(path), own
    for t, one in enumerate(reversed(path)):
        ids[source, place, t], log_probs[source, place, t] = one.symbol, one.log_prob
        if attended is not None:
            attended[source, place, t] = one.look
