"""The candidates of a search that ran elsewhere, from the arrays it left."""

from __future__ import annotations

import numpy as np

from seqwright.search.candidate import Candidate
from seqwright.search.ranking import Ranking
from seqwright.types import Array, Ids

__all__ = ["candidates"]


def candidates(
    ids: Ids,
    log_probs: Array,
    lengths: Ids,
    own_end: Ids,
    attended: Array | None,
    *,
    ranking: Ranking = Ranking(),  # noqa: B008 - a tuple cannot change
    source_lengths: Ids | None = None,
) -> list[list[Candidate]]:
    """Return the candidates of each source, best first, from what `kernels.beam` writes; equal to those of `beam`.

    ids (B, width, T), log_probs (B, width, T), of which lengths (B, width) are symbols and their end; behind them,
    log_probs holds numbers of any kind.   own_end (B, width).   attended (B, width, T, S) or None.
    source_lengths (B,): for coverage.
    """
    totals = log_probs.cumsum(axis=2, dtype=np.float64)  # one addition a step, in order, as `beam` adds
    all_ids, all_log_probs, all_lengths = ids.tolist(), log_probs.tolist(), lengths.tolist()
    found: list[list[Candidate]] = []
    for b, counts in enumerate(all_lengths):
        S = None if source_lengths is None else int(source_lengths[b])
        some = []
        for k, n in enumerate(counts):
            if n == 0:
                break
            looked = None if attended is None else attended[b, k, :n].copy()  # a view would keep all of it alive
            score = ranking.score(float(totals[b, k, n - 1]), n, looked, S)
            some.append(Candidate(all_ids[b][k][: n - 1], all_log_probs[b][k][:n], score, bool(own_end[b, k]), looked))
        found.append(sorted(some, key=lambda candidate: -candidate.score))
    return found
