"""Pairs held out of the training, to measure on: chosen by source, while the data streams by.

A source is held out by a hash of its text and the seed. So all its pairs fall on one side wherever they occur, and a
pair that is added to the data never moves a source from training to dev (but one that was the only one left to train).
"""

import hashlib
import heapq
import unicodedata
from collections.abc import Sequence

from seqwright import errors
from seqwright.data.readers import Pair

__all__ = ["AT_MOST", "HoldOut", "split"]

AT_MOST = 2000  # sources: their answers take seconds, and the error of a share of them is about a point


class HoldOut:
    """Receives every pair, and selects the dev pairs at the end: of `fraction` of the sources, at most `at_most`.

    Dev are the sources whose hash, as a number from 0 to 1, is below fraction; where those are too many, the ones with
    the lowest hashes; where there is none, the lowest of all. At least one source is left for training.
    fold: hashes are counted from fold · fraction on, so that the folds 0, 1 … of a fraction 1 / K hold out different
    sources.
    Memory: the pairs of the sources that may be dev.
    """

    def __init__(self, *, fraction: float, seed: int, fold: int = 0, at_most: int = AT_MOST) -> None:
        assert 0 < fraction < 1, f"fraction is {fraction}"
        self._first = int(fold * fraction * 2**64)
        assert at_most > 0, f"at_most is {at_most}"
        self._below = int(fraction * 2**64)
        self._key = hashlib.blake2b(b"%d" % seed, digest_size=16).digest()
        self._at_most = at_most
        self._candidates: dict[int, list[tuple[int, Pair]]] = {}  # row and pair by the source's hash
        self._highest: list[int] = []  # the same hashes negated, as a heap: the highest is first
        self._n_rows = 0
        self._n_other = 0  # pairs that can be dev no longer

    def see(self, pair: Pair) -> None:
        """Take notice of the next pair; its row is the number of pairs seen before."""
        number = self._hash(pair.source)
        if number in self._candidates:
            self._candidates[number].append((self._n_rows, pair))
        elif self._is_candidate(number):
            self._candidates[number] = [(self._n_rows, pair)]
            heapq.heappush(self._highest, -number)
            self._drop_surplus()
        else:
            self._n_other += 1
        self._n_rows += 1

    def dev(self) -> list[tuple[int, Pair]]:
        """Return row and pair of all that are held out, in order.   DataError: fewer than two sources."""
        if not self._n_other:
            if len(self._candidates) < 2:
                what = "one pair only" if self._n_rows == 1 else f"{self._n_rows} pairs"
                what += " of one source only" * (self._n_rows > 1)
                raise errors.DataError(f"{what}: nothing can be held out to measure on; add pairs, or give a dev file")
            self._drop_highest()
        return sorted(entry for entries in self._candidates.values() for entry in entries)

    def _hash(self, source: str) -> int:
        if not source.isascii():
            source = unicodedata.normalize("NFC", source)  # equal-looking sources are one
        data = source.encode("utf-8", "surrogatepass")
        number = int.from_bytes(hashlib.blake2b(data, digest_size=8, key=self._key).digest(), "big")
        return (number - self._first) % 2**64

    def _is_candidate(self, number: int) -> bool:
        if not self._highest:
            return True
        full = len(self._highest) == self._at_most
        return number < -self._highest[0] if full else number < self._below or number < -self._highest[0]

    def _drop_surplus(self) -> None:
        # A source above the bound is a candidate only while it is alone.
        while len(self._highest) > 1 and (len(self._highest) > self._at_most or -self._highest[0] >= self._below):
            self._drop_highest()

    def _drop_highest(self) -> None:
        self._n_other += len(self._candidates.pop(-heapq.heappop(self._highest)))


def split(
    pairs: Sequence[Pair], *, fraction: float = 0.1, seed: int, fold: int = 0, at_most: int = AT_MOST
) -> tuple[list[Pair], list[Pair]]:
    """Return (training, dev) of pairs in memory, each in the order they had; see `HoldOut`."""
    held_out = HoldOut(fraction=fraction, seed=seed, fold=fold, at_most=at_most)
    for pair in pairs:
        held_out.see(pair)
    dev = held_out.dev()
    rows = {row for row, _ in dev}
    return [pair for row, pair in enumerate(pairs) if row not in rows], [pair for _, pair in dev]
