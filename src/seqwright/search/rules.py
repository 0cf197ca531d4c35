"""What every target of a search keeps to, whichever way it is found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqwright.search.automaton import Automaton
from seqwright.search.ranking import Ranking
from seqwright.types import Array, Ids

__all__ = ["Rules"]


class Rules(NamedTuple):
    """The rules for B sources.

    start_id, end_id: BOS and EOS ids.
    max_lengths (B,): most symbols before the end symbol; behind them, nothing else may come.
    min_lengths (B,): fewest; not with a constraint, which has to say so itself.
    source_lengths (B,): for coverage, where `attended` is padded.   ranking: what finished targets are compared by.
    constraint: the set that all targets are taken from.
    """

    start_id: int
    end_id: int
    max_lengths: Ids
    min_lengths: Ids | None = None
    source_lengths: Ids | None = None
    ranking: Ranking = Ranking()
    constraint: Automaton | None = None

    @property
    def shortest(self) -> Ids:
        """The fewest symbols of each target, (B,)."""
        return np.zeros(len(self.max_lengths), np.int32) if self.min_lengths is None else self.min_lengths

    def score(self, source: int, total: float, n_symbols: int, attended: Array | None) -> float:
        """Return the score of a target of a source; see `Ranking.score`."""
        S = None if self.source_lengths is None else int(self.source_lengths[source])
        return self.ranking.score(total, n_symbols, attended, S)
