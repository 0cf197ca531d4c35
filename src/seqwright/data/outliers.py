"""Pairs that are far longer than the others: a licence among messages, a page among sentences.

A few of them take most of the time and memory of a training (attention weights grow with the product of both lengths),
and teach little.
"""

from collections.abc import Iterable

import numpy as np

from seqwright.data.corpus import Whole

__all__ = ["LEAST", "longest_usual"]

FEWEST = 20  # pairs, below which nothing is unusual
TIMES = 5  # the 99th percentile: 4.1 times are a French sentence of 638 characters among 137,000 sentences
LEAST = 200  # tokens of a pair


def longest_usual(sizes: Iterable[Whole]) -> int:
    """Return the most tokens of a pair that is not an outlier.   sizes: tokens of all pairs, in pieces."""
    counts = np.zeros(1, np.int64)  # pairs by their tokens
    for piece in sizes:
        more = np.bincount(piece, minlength=len(counts))
        more[: len(counts)] += counts
        counts = more
    n_pairs = int(counts.sum())
    # Of few pairs, the percentile is the second longest.
    rank = n_pairs - 1 if n_pairs < FEWEST else int(0.99 * (n_pairs - 1))
    return max(LEAST, TIMES * int(np.searchsorted(np.cumsum(counts), rank, side="right")))
