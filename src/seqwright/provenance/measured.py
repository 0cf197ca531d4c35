"""Which pairs of a dev set training measures on, and the hashes that identify them.

Training and `dev_pairs` both choose by these functions, so that they cannot disagree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from seqwright import metrics
from seqwright.data import encode, readers, text
from seqwright.data.tokenizer import Tokenizer

__all__ = ["Reading", "dev_of_files", "measured", "pairs_sha256", "sources_sha256"]


class Reading(NamedTuple):
    """How the pairs of a training are read, and cut into tokens."""

    columns: readers.Columns
    source: Tokenizer
    target: Tokenizer
    max_tokens: int

    def tokens(self, pair: readers.Pair) -> tuple[str, ...]:
        """Return what a network reads of a pair: equal for sources that are the same to it."""
        return tuple(text.source_tokens(pair.source, pair.features, self.source))

    def excess(self, pair: readers.Pair) -> int:
        """Return 0 for a pair of at most max_tokens tokens, and the tokens of a longer one."""
        n_tokens = encode.size(self.tokens(pair), self.target.split(pair.target))
        return n_tokens if n_tokens > self.max_tokens else 0

    def pairs(self, inputs: Iterable[readers.Input]) -> Iterator[readers.Pair]:
        """Yield the pairs that a training uses."""
        for one in inputs:
            for pair in one.pairs(self.columns):
                if (pair.source or pair.target) and not self.excess(pair):
                    yield pair


def dev_of_files(
    inputs: Sequence[readers.Input], reading: Reading
) -> tuple[list[readers.Pair], list[tuple[str, int, int, int]]]:
    """Return the pairs of dev files, and (name, line, tokens, most tokens) of those that are too long."""
    dev, too_long = [], []
    for one in inputs:
        for pair in one.pairs(reading.columns):
            if n_tokens := reading.excess(pair):
                too_long.append((one.name, pair.line, n_tokens, reading.max_tokens))
            elif pair.source or pair.target:
                dev.append(pair)
    return dev, too_long


def measured(dev: Sequence[readers.Pair], limit: int) -> list[readers.Pair]:
    """Return the pairs of up to `limit` dev sources, evenly from the whole set, in its order."""
    sources, _ = metrics.group_references(dev)
    kept = set(sources[:: -(-len(sources) // limit) or 1])
    return [pair for pair in dev if (pair.source, pair.features) in kept]


def sources_sha256(pairs: Iterable[readers.Pair]) -> str:
    """Return a hash of the distinct sources with their features, in order."""
    return _sha256(dict.fromkeys((pair.source, pair.features) for pair in pairs))


def pairs_sha256(pairs: Iterable[readers.Pair]) -> str:
    """Return a hash of all pairs, in order."""
    return _sha256((pair.source, pair.features, pair.target) for pair in pairs)


def _sha256(rows: Iterable[tuple[str, ...]]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        for field in row:
            data = field.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(data) + data)  # the length first: no two lists of texts give the same bytes
    return digest.hexdigest()
