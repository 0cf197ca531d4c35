"""The files under inspection, as pairs, and the names that places in them go by."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from seqwright.data.readers import Pair
from seqwright.data.text import TextFormat
from seqwright.inspection.findings import Place

__all__ = ["SIDES", "Cut", "Side", "Split", "alphabet", "grouped", "places", "texts"]

Side = tuple[str, Callable[[Pair], str]]
SIDES: tuple[Side, Side] = (("source", lambda pair: pair.source), ("target", lambda pair: pair.target))


class Split(NamedTuple):
    """One file's pairs under the name that messages call it."""

    name: str
    pairs: Sequence[Pair]


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
    """Yield the text of one side of every pair, with where it stands."""
    for split in splits:
        for pair in split.pairs:
            yield split, pair, text_of(pair)


def alphabet(splits: Iterable[Split], side: Side) -> set[str]:
    """Return every character of one side."""
    found: set[str] = set()
    for split in splits:
        found.update(*map(side[1], split.pairs))
    return found


def grouped(splits: Iterable[Split], key: Callable[[Pair], tuple[str, ...]]) -> dict[tuple[str, ...], list[Place]]:
    """Return where each key stands, in order of first occurrence; empty lines stand nowhere."""
    found: dict[tuple[str, ...], list[Place]] = {}
    for split in splits:
        for pair in split.pairs:
            if pair.source or pair.target:
                found.setdefault(key(pair), []).append(Place(split.name, pair.line))
    return found


def places(found: Iterable[tuple[Split, Pair]]) -> list[Place]:
    """Return the places of pairs."""
    return [Place(split.name, pair.line) for split, pair in found]
