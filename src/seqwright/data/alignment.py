"""Monotone many-to-many alignment of sources and targets, by expectation maximisation.

Each pair is cut into links: a part of the source and the part of the target that it becomes, both in order
(Jiampojamarn et al. 2007, "Applying Many-to-Many Alignments and Hidden Markov Models to Letter-to-Phoneme
Conversion", section 2). The probability of a cut is the product of those of its links. All pairs are computed together,
position by position. Not for long strings: time and memory are proportional to N · S · T.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from seqwright.data import batches
from seqwright.types import Array, Ids

__all__ = ["LONGEST", "Link", "align", "explained"]

SHAPES = ((1, 0), (1, 1), (1, 2), (1, 3), (2, 1), (3, 1))  # symbols of the source and of the target in a link
LONGEST = 40  # symbols of either side; the probability of 40 links is far from underflow
ITERATIONS = 8
DISCOUNT = 0.2  # of the count of a link of three or more symbols, so that one seen once is cut where it can be
FOLDS = 5
FLOOR = 1e-9  # probability of a link that was never counted

Ids_ = tuple[int, ...]
Scalar = TypeVar("Scalar", bound=np.generic)
Numbers = npt.NDArray[np.int64]


class Link(NamedTuple):
    """Symbols of the source, and the symbols of the target that they become."""

    source: Ids_
    target: Ids_


def align(pairs: Sequence[tuple[Ids_, Ids_]]) -> list[list[Link] | None]:
    """Return the most probable links of each pair of ids; None for a pair that is too long or cannot be cut."""
    index = [n for n, pair in enumerate(pairs) if all(0 < len(side) <= LONGEST for side in pair)]
    aligned: list[list[Link] | None] = [None] * len(pairs)
    if not index:
        return aligned
    lattice = _Lattice([pairs[n] for n in index])
    weights = lattice.initial()
    for _ in range(ITERATIONS):
        weights = _probabilities(lattice, lattice.counts(weights))
    for n, links in zip(index, lattice.best(weights), strict=True):
        aligned[n] = links
    return aligned


def explained(aligned: Sequence[Sequence[Link] | None]) -> float:
    """Return the part of the targets' information that the aligned sources have, estimated on each fifth of the pairs.

    1 - H(target of a link | its source) / H(target of a link), in cross-entropy under counts of the other pairs; pairs
    without links count as unexplained. Near 0 for pairs that correspond in no order, such as sums and their results.
    """
    entropies = [_entropies(aligned, fold) for fold in range(FOLDS)]
    given, alone = (sum(column) for column in zip(*entropies, strict=True))
    share = sum(links is not None for links in aligned) / max(1, len(aligned))
    return share * max(0.0, 1 - given / alone) if alone else 0.0


def _entropies(aligned: Sequence[Sequence[Link] | None], fold: int) -> tuple[float, float]:
    """Return the nats of the targets of a fold's links, given their sources and alone, under counts of the others."""
    known = [links for n, links in enumerate(aligned) if n % FOLDS != fold and links]
    held_out = [links for n, links in enumerate(aligned) if n % FOLDS == fold and links]
    joint: dict[Link, int] = {}
    source: dict[Ids_, int] = {}
    target: dict[Ids_, int] = {}
    for link in (link for links in known for link in links):
        joint[link] = joint.get(link, 0) + 1
        source[link.source] = source.get(link.source, 0) + 1
        target[link.target] = target.get(link.target, 0) + 1
    total = sum(target.values())
    given = alone = 0.0
    for link in (link for links in held_out for link in links):
        prior = (target.get(link.target, 0) + 1) / (total + len(target) + 1)
        alone -= math.log(prior)
        # one count is spread as the targets are (Dirichlet prior)
        given -= math.log((joint.get(link, 0) + prior) / (source.get(link.source, 0) + 1))
    return given, alone


class _Lattice:
    """All cuts of N pairs: at i, j begins a link of each shape, whose number among all different links is in `links`.

    links: for each shape (S + 1, T + 1, N) numbers of different links; the last number is for links outside the pair.
    """

    def __init__(self, pairs: Sequence[tuple[Ids_, Ids_]]) -> None:
        self._pairs = pairs
        self._ends = np.array([[len(side) for side in pair] for pair in pairs]).T
        self.S, self.T = self._ends.max(axis=1).tolist()
        sources, _ = batches.pad([source for source, _ in pairs])
        targets, _ = batches.pad([target for _, target in pairs])
        found: list[Numbers] = []
        sizes: list[int] = []
        self.shape_of: list[int] = []
        for number, (a, c) in enumerate(SHAPES):
            left, right = _parts(sources, self._ends[0], a), _parts(targets, self._ends[1], c)
            both = np.where(
                (left >= 0)[:, None] & (right >= 0)[None], left[:, None] * (right.max() + 1) + right[None], -1
            )
            different, numbers = np.unique(both, return_inverse=True)
            outside = int(different[0] == -1)
            numbers = numbers.reshape(both.shape) - outside
            n = len(different) - outside
            found.append(np.where(numbers >= 0, numbers + sum(sizes), -1))
            sizes.append(n)
            self.shape_of += [number] * n
        self.links = [np.where(numbers >= 0, numbers, sum(sizes)).astype(np.int32) for numbers in found]
        self.n_links = sum(sizes)

    def initial(self) -> Array:
        """Return the first weights: the closer a link is to one symbol each, the greater.   (n_links + 1,)."""
        by_shape = np.array([0.2 if not c else 0.1 ** (a + c - 2) for a, c in SHAPES])
        return np.append(by_shape[self.shape_of], 0.0)

    def counts(self, weights: Array) -> Array:
        """Return the expected number of each link in the data.   (n_links,)."""
        forward, backward = self._forward(weights, np.add), self._backward(weights)
        total = forward[self._ends[0], self._ends[1], np.arange(len(self._pairs))]
        share = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
        found = np.zeros(self.n_links + 1)
        for numbers, (a, c) in zip(self.links, SHAPES, strict=True):
            here = self._cut(forward, 0, 0, a, c) * self._cut(backward, a, c, a, c) * share
            rows = self._cut(numbers, 0, 0, a, c)
            found += np.bincount(rows.ravel(), (here * weights[rows]).ravel(), minlength=self.n_links + 1)
        return found[:-1]

    def best(self, weights: Array) -> list[list[Link] | None]:
        """Return the most probable links of each pair (Viterbi)."""
        score = self._forward(weights, np.maximum)
        return [self._traced(n, score[:, :, n], weights) for n in range(len(self._pairs))]

    def _traced(self, n: int, score: Array, weights: Array) -> list[Link] | None:
        source, target = self._pairs[n]
        i, j = len(source), len(target)
        if not score[i, j]:
            return None
        links: list[Link] = []
        while i or j:
            values = [
                score[i - a, j - c] * weights[numbers[i - a, j - c, n]] if i >= a and j >= c else -1.0
                for numbers, (a, c) in zip(self.links, SHAPES, strict=True)
            ]
            a, c = SHAPES[int(np.argmax(values))]
            i, j = i - a, j - c
            links.append(Link(source[i : i + a], target[j : j + c]))
        return links[::-1]

    def _forward(self, weights: Array, combine: Callable[..., Array]) -> Array:
        """Return the sum, or the maximum, over all cuts of the beginnings.   (S + 1, T + 1, N)."""
        table = np.zeros((self.S + 1, self.T + 1, len(self._pairs)))
        table[0, 0] = 1.0
        for i in range(self.S + 1):
            for j in range(self.T + 1):
                for numbers, (a, c) in zip(self.links, SHAPES, strict=True):
                    if i >= a and j >= c:
                        value = table[i - a, j - c] * weights[numbers[i - a, j - c]]
                        combine(table[i, j], value, out=table[i, j])
        return table

    def _backward(self, weights: Array) -> Array:
        """Return the sum over all cuts of the rests.   (S + 1, T + 1, N)."""
        table = np.zeros((self.S + 1, self.T + 1, len(self._pairs)))
        table[self._ends[0], self._ends[1], np.arange(len(self._pairs))] = 1.0
        for i in reversed(range(self.S + 1)):
            for j in reversed(range(self.T + 1)):
                for numbers, (a, c) in zip(self.links, SHAPES, strict=True):
                    if i + a <= self.S and j + c <= self.T:
                        table[i, j] += table[i + a, j + c] * weights[numbers[i, j]]
        return table

    def _cut(self, table: npt.NDArray[Scalar], i: int, j: int, a: int, c: int) -> npt.NDArray[Scalar]:
        """Return the part of a table of all positions from which a link of shape (a, c) fits, moved by (i, j)."""
        rows, columns = max(0, self.S + 1 - a), max(0, self.T + 1 - c)
        return table[i : i + rows, j : j + columns]


def _parts(ids: Ids, lengths: Numbers, size: int) -> Numbers:
    """Return a number for the `size` symbols that begin at each position, equal for equal ones; -1 beyond the end.

    ids (S, N), lengths (N,) -> (S + 1, N).
    """
    S, N = ids.shape
    numbers = np.zeros((S + 1, N), np.int64)
    padded = np.concatenate([ids, np.zeros((size + 1, N), ids.dtype)]).astype(np.int64)
    for offset in range(size):
        _, dense = np.unique(numbers * (1 + padded.max()) + padded[offset : offset + S + 1], return_inverse=True)
        numbers = dense.reshape(S + 1, N)
    return np.where(np.arange(S + 1)[:, None] + size <= lengths, numbers, -1)


def _probabilities(lattice: _Lattice, counts: Array) -> Array:
    """Return the weights of the next iteration from expected counts.   (n_links + 1,)."""
    long = np.array([a + c > 2 for a, c in SHAPES])[lattice.shape_of]
    counts = np.maximum(counts - DISCOUNT * long, 0.0)
    return np.append(np.maximum(counts / max(counts.sum(), FLOOR), FLOOR), 0.0)
