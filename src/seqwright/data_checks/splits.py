"""The files under inspection, as pairs, and the names that places in them go by."""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqwright.data.readers import Pair
from seqwright.data.text import TextFormat
from seqwright.data_checks.findings import Place

__all__ = ["SIDES", "Cut", "Side", "Split", "alphabet", "places", "texts"]

Side = tuple[str, Callable[[Pair], str]]
SIDES: tuple[Side, Side] = (("source", lambda pair: pair.source), ("target", lambda pair: pair.target))


@dataclass(frozen=True)
class Split:
    """One file's pairs under the name that messages call it.   reading: how it is read, a line each."""

    name: str
    pairs: Sequence[Pair]
    reading: Sequence[str] = ()

    @functools.cached_property
    def alphabets(self) -> dict[str, set[str]]:
        """Every character of each side, by the side's name."""
        return {name: set().union(*map(text_of, self.pairs)) for name, text_of in SIDES}


class Cut(NamedTuple):
    """A file's pairs, and their texts cut into tokens once for all who count them."""

    split: Split
    tokens: tuple[list[list[str]], list[list[str]]]  # of the sources and of the targets

    @classmethod
    def of(cls, split: Split, formats: tuple[TextFormat, TextFormat]) -> "Cut":
        """Cut the texts.   formats: of source and target."""
        source, target = formats
        return cls(
            split,
            ([source.split(pair.source) for pair in split.pairs], [target.split(pair.target) for pair in split.pairs]),
        )


def texts(splits: Iterable[Split], text_of: Callable[[Pair], str]) -> Iterator[tuple[Split, Pair, str]]:
    """Yield the text of one side of every pair, with its place."""
    for split in splits:
        for pair in split.pairs:
            yield split, pair, text_of(pair)


def alphabet(splits: Iterable[Split], side: Side) -> set[str]:
    """Return every character of one side."""
    return set().union(*(split.alphabets[side[0]] for split in splits))


def places(found: Iterable[tuple[Split, Pair]]) -> list[Place]:
    """Return the places of pairs."""
    return [Place(split.name, pair.line) for split, pair in found]
