"""Constraints on the targets of a search, common to all searches."""

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
    max_lengths (B,): maximum number of symbols before the end symbol.
    min_lengths (B,): minimum; None with a constraint, which includes it.
    source_lengths (B,): real columns of attention weights, for coverage.   ranking: scores of finished targets.
    constraint: the set of allowed targets.
    """

    start_id: int
    end_id: int
    max_lengths: Ids
    min_lengths: Ids | None = None
    source_lengths: Ids | None = None
    ranking: Ranking = Ranking()
    constraint: Automaton | None = None

    @property
    def fewest(self) -> Ids:
        """Minimum length of each target, (B,): min_lengths or zeros."""
        return np.zeros(len(self.max_lengths), np.int32) if self.min_lengths is None else self.min_lengths

    def score(self, source: int, total: float, n_symbols: int, attention_weights: Array | None) -> float:
        """Return the score of a target of a source; see `Ranking.score`."""
        S = None if self.source_lengths is None else int(self.source_lengths[source])
        return self.ranking.score(total, n_symbols, attention_weights, S)
