"""Which of a few sequences occur among the rows of a corpus, found in one pass over its ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqwright.data.batches import Examples

__all__ = ["sources_in"]

Whole = npt.NDArray[np.integer[Any]]

ROWS = 1 << 16  # at a time


def sources_in(examples: Examples, sources: Sequence[Sequence[int]]) -> list[bool]:
    """Return for each source, as ids with its END, whether a training pair has just that source.

    Rows are compared by a 64-bit sum of their ids, each times a random number of its position, then id by id.
    """
    if not sources:
        return []
    longest = max(map(len, sources))
    factors = np.random.default_rng(1).integers(1, 1 << 63, longest, np.uint64) | np.uint64(1)
    wanted: dict[int, list[int]] = {}
    for i, source in enumerate(sources):
        [number] = _sums(np.array(source), np.array([0, len(source)]), factors).tolist()
        wanted.setdefault(number, []).append(i)
    sums = np.fromiter(wanted, np.uint64, len(wanted))
    found = [False] * len(sources)
    starts = examples.source_starts
    for first in range(0, len(starts) - 1, ROWS):
        ends = np.asarray(starts[first : first + ROWS + 1])
        ids = np.asarray(examples.source[ends[0] : ends[-1]])
        ends = ends - ends[0]
        rows = np.flatnonzero(np.diff(ends) <= longest)
        of_rows = _sums(ids, ends, factors)
        for row in rows[np.isin(of_rows[rows], sums)].tolist():
            here = ids[ends[row] : ends[row + 1]].tolist()
            for i in wanted[int(of_rows[row])]:
                found[i] = found[i] or here == list(sources[i])
    return found


def _sums(ids: Whole, ends: Whole, factors: Whole) -> Whole:
    """Return the sum of each row.   (N,) uint64; ends: (N + 1,), no row is empty."""
    positions = np.arange(len(ids)) - np.repeat(ends[:-1], np.diff(ends))
    terms = (ids.astype(np.uint64) + np.uint64(1)) * factors[np.minimum(positions, len(factors) - 1)]
    sums: Whole = np.add.reduceat(terms, ends[:-1])
    return sums
