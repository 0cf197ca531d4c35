"""The files to check, as pairs and as tokens."""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqwright.data.readers import Pair, Schema
from seqwright.data.text import TextFormat
from seqwright.data_checks.findings import Place

__all__ = ["SIDES", "Cut", "Side", "Split", "alphabet", "places", "texts"]

Side = tuple[str, Callable[[Pair], str]]
SIDES: tuple[Side, Side] = (("source", lambda pair: pair.source), ("target", lambda pair: pair.target))


@dataclass(frozen=True)
class Split:
    """The pairs of one file.

    name: as in messages.   reading: lines that describe how the file is read.   schema: the same as data; None for
    pairs in memory.
    """

    name: str
    pairs: Sequence[Pair]
    reading: Sequence[str] = ()
    schema: Schema | None = None

    @functools.cached_property
    def alphabets(self) -> dict[str, set[str]]:
        """The set of characters of each side, by the name of the side."""
        return {name: set().union(*map(text_of, self.pairs)) for name, text_of in SIDES}


class Cut(NamedTuple):
    """The pairs of a file and their tokens, computed once for all checks."""

    split: Split
    tokens: tuple[list[list[str]], list[list[str]]]  # of the sources and of the targets

    @classmethod
    def of(cls, split: Split, formats: tuple[TextFormat, TextFormat]) -> "Cut":
        """Tokenise the texts.   formats: of sources and targets."""
        source, target = formats
        return cls(
            split,
            ([source.split(pair.source) for pair in split.pairs], [target.split(pair.target) for pair in split.pairs]),
        )


def texts(splits: Iterable[Split], text_of: Callable[[Pair], str]) -> Iterator[tuple[Split, Pair, str]]:
    """Yield (split, pair, text) for one side of all pairs."""
    for split in splits:
        for pair in split.pairs:
            yield split, pair, text_of(pair)


def alphabet(splits: Iterable[Split], side: Side) -> set[str]:
    """Return the set of characters of one side."""
    return set().union(*(split.alphabets[side[0]] for split in splits))


def places(found: Iterable[tuple[Split, Pair]]) -> list[Place]:
    """Return the places of pairs."""
    return [Place(split.name, pair.line) for split, pair in found]
