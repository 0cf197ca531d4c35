"""Whether a difference between two systems on the same items is more than the luck of which items were drawn."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from seqwright.types import Array

__all__ = ["RESAMPLES", "Difference", "mcnemar", "paired_bootstrap"]

RESAMPLES = 10_000
CHUNK_ITEMS = 4_000_000  # resampled items held at a time, so that memory does not grow with the test


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """B minus A on the test, in percentage points.

    low, high: hold 95 % of the resamples.   p: two-sided; how often chance alone would give so much.
    b_higher: share of resamples in which B has the higher number, the statistic of Koehn 2004.
    """

    value: float
    low: float
    high: float
    p: float
    b_higher: float


def paired_bootstrap(
    a: Array, b: Array, weights_a: Array, weights_b: Array, *, rng: np.random.Generator, n_resamples: int = RESAMPLES
) -> Difference:
    """Return 100 · (Σb / Σweights_b - Σa / Σweights_a) with its 95 % interval and p over resamples of the items.

    a, b (N,): what each system scores on each item (right or not; edits).   weights (N,): what it could score (1;
    tokens of the reference). Both systems are resampled with the same items: Koehn 2004, "Statistical Significance
    Tests for Machine Translation Evaluation", section 3.
    p doubles the smaller share of resamples on either side of zero (with one more on each side, so that it is never 0;
    Davison & Hinkley 1997, equation 4.11), so that p < 0.05 goes with an interval without zero.
    """
    columns = np.stack([a, weights_a, b, weights_b], axis=1).astype(np.float64)  # (N, 4)
    n = len(columns)
    assert n > 0, "there are no items to resample"
    differences = np.empty(n_resamples)
    chunk = max(1, CHUNK_ITEMS // n)
    for first in range(0, n_resamples, chunk):
        size = min(chunk, n_resamples - first)
        drawn = rng.integers(n, size=(size, n))
        drawn += np.arange(size)[:, None] * n
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)  # how often each item was drawn
        differences[first : first + size] = points(times @ columns)
    above, below = int((differences >= 0).sum()), int((differences <= 0).sum())
    low, high = np.percentile(differences, [2.5, 97.5])
    return Difference(
        value=float(points(columns.sum(axis=0)[None])[0]),
        low=float(low),
        high=float(high),
        p=min(1.0, 2 * (min(above, below) + 1) / (n_resamples + 1)),
        b_higher=float((differences > 0).mean()),
    )


def points(sums: Array) -> Array:
    """Return 100 · (b / weights_b - a / weights_a) for sums (R, 4) of a, weights_a, b, weights_b."""
    a, weights_a, b, weights_b = sums.T
    difference: Array = 100 * (b / np.maximum(weights_b, 1) - a / np.maximum(weights_a, 1))
    return difference


def mcnemar(n_only_a: int, n_only_b: int) -> float:
    """Return the exact two-sided p of so uneven a split of the items that one system alone gets right.

    McNemar 1947; exact by the binomial distribution of n_only_a out of both with probability one half.
    """
    n, fewer = n_only_a + n_only_b, min(n_only_a, n_only_b)
    log_terms = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(fewer + 1)]
    return min(1.0, 2 * sum(math.exp(term - n * math.log(2)) for term in log_terms))
