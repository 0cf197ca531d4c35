"""How like the sources of a training a source is: the company of its symbols, its length, and unknown features.

An n-gram model of the training sources gives a source its surprise, the mean of -log p of its symbols and its end. What
share of the dev sources has at least that surprise measures how usual it is: for a source of the same kind it is
uniform from 0 to 1, and for a foreign one it is close to 0 (a conformal p-value: Vovk et al. 2005, "Algorithmic
Learning in a Random World"; Hendrycks & Gimpel 2017 survey why the probabilities of a network do not show this).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from seqwright.data.vocabulary import END, START
from seqwright.types import Array, Ids

__all__ = ["Familiarity", "fit"]

ORDERS = (4, 3, 2)  # the highest whose n-grams are numbered below 2^62
PSEUDO_COUNT = 5.0  # of the shorter context's estimate, in that of the longer
MOST = 40_000  # n-grams kept, the most frequent
USUAL = 0.35  # lowers nothing: what surprises no more than 65 % of the dev sources; see benchmarks/confidence.py
QUANTILES = 64  # of the dev sources' surprise, kept
NUMBER = 1 << 62

Keys = npt.NDArray[np.int64]
Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]


class Familiarity(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of n-grams of source ids, and what the dev sources are like.

    order: of the longest n-grams.   n_ids: of the vocabulary.   ngrams, counts: their numbers in increasing order and
    how often each occurred, packed.   surprises: quantiles of the dev sources' surprise, evenly from the least to the
    greatest.   n: dev sources.   longest: tokens of the longest training source.
    """

    order: Annotated[int, msgspec.Meta(ge=1, le=4)]
    n_ids: Count
    ngrams: bytes
    counts: bytes
    surprises: list[float]
    n: Count
    longest: Count

    def table(self) -> Table:
        """Return the n-grams, unpacked.   ValueError: they are damaged."""
        steps, counts = unpacked(self.ngrams, np.int64), unpacked(self.counts, np.int32)
        keys = np.cumsum(steps)
        if len(keys) != len(counts) or (steps[1:] <= 0).any() or (counts <= 0).any() or not self.surprises:
            raise ValueError("the n-grams of its sources do not fit together")
        return Table(self.order, self.n_ids, keys, counts.astype(np.int32))

    def usual(self, surprises: Array, lengths: Ids, n_unknown_features: Ids) -> Array:
        """Return by how much to lower the confidence of answers to sources, from 0 to 1.   All (B,)."""
        quantiles = np.array(self.surprises)
        shares = 1 - np.interp(surprises, quantiles, np.linspace(0, 1, len(quantiles)))
        least = 1 / (self.n + 1)  # n sources give no evidence that it is rarer
        found = np.minimum(1, np.maximum(shares, least) / USUAL)
        found = found * np.minimum(1, self.longest / np.maximum(lengths, 1))
        rare: Array = np.where(n_unknown_features > 0, found * min(1, least / USUAL), found)
        return rare


class Table:
    """Counts of n-grams, to look up."""

    keys: Keys
    counts: npt.NDArray[np.int32]

    def __init__(self, order: int, n_ids: int, keys: Keys, counts: npt.NDArray[np.int32]) -> None:
        self._order, self._n_ids, self.keys, self.counts = order, n_ids, keys, counts
        single = keys <= n_ids  # the numbers of longer n-grams are greater
        self._total = int(counts[single & (keys != START + 1)].sum())

    def surprises(self, sources: Sequence[Sequence[int]]) -> Array:
        """Return the mean -log p of each source's ids, END among them; no source may be empty of ids.   (B,)."""
        ids, keys = numbered(sources, self._order, self._n_ids)
        counts = self._lookup(np.concatenate(keys)).reshape(len(keys), -1).astype(np.float64)
        p = np.full(counts.shape[1], 1 / self._n_ids)
        for n in range(len(keys)):
            # The context of an n-gram is the (n - 1)-gram that ends one symbol earlier.
            context = np.full(counts.shape[1], float(self._total)) if n == 0 else later(counts[n - 1], 1, 0)
            p = (counts[n] + PSEUDO_COUNT * p) / (np.maximum(context, counts[n]) + PSEUDO_COUNT)
        p[ids == START] = 1  # it is given, not read
        lengths = np.array([len(source) for source in sources])
        starts = np.cumsum(lengths + self._order - 1) - lengths - self._order + 1
        means: Array = np.add.reduceat(-np.log(p), starts) / lengths
        return means

    def _lookup(self, keys: Keys) -> npt.NDArray[np.int32]:
        if not len(self.keys):
            return np.zeros(len(keys), np.int32)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.counts[places], 0).astype(np.int32)


def fit(
    training: Iterator[Sequence[Sequence[int]]], dev: Sequence[Sequence[int]], *, n_ids: int, longest: int
) -> Familiarity:
    """Return the familiarity with training sources, of which dev sources are of the same kind.

    training: sources of ids, END last and without features, in portions.   Memory is that of the distinct n-grams of a
    portion and of those that are kept, four times MOST.
    """
    order = next((n for n in ORDERS if (n_ids + 1) ** n < NUMBER), 1)
    keys, counts = np.empty(0, np.int64), np.empty(0, np.int64)
    for portion in training:
        _, found = numbered(portion, order, n_ids)
        new, n_new = np.unique(np.concatenate(found), return_counts=True)
        keys, places = np.unique(np.concatenate([keys, new]), return_inverse=True)
        counts = np.bincount(places, weights=np.concatenate([counts, n_new])).astype(np.int64)
        keys, counts = most_frequent(keys, counts, 4 * MOST)
    keys, counts = most_frequent(keys, counts, MOST)
    small = np.minimum(counts, np.iinfo(np.int32).max).astype(np.int32)
    surprises = np.quantile(Table(order, n_ids, keys, small).surprises(dev), np.linspace(0, 1, QUANTILES))
    return Familiarity(
        order=order, n_ids=n_ids, ngrams=packed(np.diff(keys, prepend=0)), counts=packed(small),
        surprises=[float(f"{one:.6g}") for one in surprises], n=len(dev), longest=max(1, longest),
    )  # fmt: skip


def numbered(sources: Sequence[Sequence[int]], order: int, n_ids: int) -> tuple[Keys, list[Keys]]:
    """Return the ids end to end, order - 1 STARTs before each source, and the numbers of all 1-, 2-, … n-grams.

    Each is the n-gram that ends at an id. Before the first START of a source come further ones, not another source.
    """
    start = [START] * (order - 1)
    ids = np.fromiter((i for source in sources for one in (start, source) for i in one), np.int64)
    place = np.arange(len(ids))
    begins = np.maximum.accumulate(np.where(later(ids, 1, START) == END, place, 0))
    keys, key, weight = [], np.zeros(len(ids), np.int64), 1
    for back in range(order):
        earlier = np.where(place - back >= begins, later(ids, back, START), START)
        key = key + weight * (earlier + 1)
        keys.append(key)
        weight *= n_ids + 1
    return ids, keys


def later(values: Array | Keys, n: int, first: int) -> Any:
    """Return the values moved n places on, with others before them."""
    moved = np.full_like(values, first)
    moved[n:] = values[: len(values) - n]
    return moved


def most_frequent(keys: Keys, counts: Keys, n: int) -> tuple[Keys, Keys]:
    """Return n of the keys, those of the highest counts, in order; of equal ones the smaller."""
    kept = np.sort(np.lexsort((keys, -counts))[:n])
    return keys[kept], counts[kept]


def packed(values: npt.NDArray[np.integer]) -> bytes:
    return zlib.compress(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes(), 9)


def unpacked(data: bytes, dtype: npt.DTypeLike) -> npt.NDArray[np.integer]:
    """Return what was packed, at most MOST values.   ValueError: damaged."""
    size = np.dtype(dtype).itemsize
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data, MOST * size + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not stream.eof or len(found) % size or len(found) > MOST * size:
        raise ValueError("the n-grams of its sources are cut short or too many")
    return np.frombuffer(found, np.dtype(dtype).newbyteorder("<")).astype(dtype)
