"""What the answers write instead of what is right, found by aligning both with the fewest edits."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from seqwright.report.items import Item

__all__ = ["EDGE", "Confusion", "Rewrite", "Rewritten", "confusions", "differing", "rewrites", "rewritten"]

EDGE = ""  # what stands before the first token and behind the last
Tokens = tuple[str, ...]


class Rewrite(NamedTuple):
    """A stretch of the reference that was answered differently; either side may be empty.

    before, after: the reference's tokens around it, EDGE at its ends.
    """

    expected: Tokens
    said: Tokens
    before: str
    after: str


class Rewritten(NamedTuple):
    """A rewrite wherever it happened: how often, where most often, and examples.

    where: "after" or "before" the token `beside` in n_where of the n cases; "" where no two cases have one in common.
    """

    expected: Tokens
    said: Tokens
    n: int
    where: str
    beside: str
    n_where: int
    examples: list[Item]


class Confusion(NamedTuple):
    """How often (counts, rows expected, columns said) the most confused symbols were answered with which.

    The symbol EDGE is no symbol at all: its row holds insertions, its column omissions.
    """

    symbols: list[str]
    counts: list[list[int]]


def rewrites(expected: Sequence[str], said: Sequence[str]) -> Iterator[Rewrite]:
    """Yield the stretches in which an answer differs from its reference, neighbouring edits as one."""
    start: tuple[int, int] | None = None
    codes = [*Levenshtein.opcodes(expected, said), None]
    for code in codes:
        if code is not None and code.tag != "equal":
            start = start or (code.src_start, code.dest_start)
            end = (code.src_end, code.dest_end)
        elif start is not None:
            yield Rewrite(
                tuple(expected[start[0] : end[0]]),
                tuple(said[start[1] : end[1]]),
                expected[start[0] - 1] if start[0] else EDGE,
                expected[end[0]] if end[0] < len(expected) else EDGE,
            )
            start = None


def rewritten(items: Iterable[Item], *, n_examples: int = 3) -> list[Rewritten]:
    """Return every rewrite of the first answers, most frequent first, then by symbol."""
    found: dict[tuple[Tokens, Tokens], list[tuple[Rewrite, Item]]] = {}
    for item in items:
        for rewrite in rewrites(item.expected, item.best.tokens):
            found.setdefault((rewrite.expected, rewrite.said), []).append((rewrite, item))
    ranked = sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [
        Rewritten(expected, said, len(cases), *typical([one for one, _ in cases]), examples(cases, n_examples))
        for (expected, said), cases in ranked
    ]


def typical(cases: Sequence[Rewrite]) -> tuple[str, str, int]:
    """Return (where, beside, n) of the most frequent neighbour; what stands before wins a tie."""
    counted = Counter(("after", case.before) for case in cases)
    counted.update(("before", case.after) for case in cases)
    (where, beside), n = max(counted.items(), key=lambda entry: (entry[1], entry[0][0] == "after", entry[0]))
    return (where, beside, n) if n > 1 or len(cases) == 1 else ("", "", 0)


def examples(cases: Sequence[tuple[Rewrite, Item]], n: int) -> list[Item]:
    distinct = {(item.source, item.features): item for _, item in cases}
    return list(distinct.values())[:n]


def confusions(items: Iterable[Item], *, n_symbols: int = 12) -> Confusion:
    """Return how often each of the most confused symbols was answered with each, right answers included."""
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        counts.update(aligned(item.expected, item.best.tokens))
    confused: Counter[str] = Counter()
    for (expected, said), n in counts.items():
        if expected != said:
            confused[expected] += n
            confused[said] += n
    nothing = [EDGE] if confused.pop(EDGE, 0) else []
    ranked = sorted(confused, key=lambda symbol: (-confused[symbol], symbol))[:n_symbols]
    symbols = [*sorted(ranked), *nothing]
    return Confusion(symbols, [[counts[expected, said] for said in symbols] for expected in symbols])


def aligned(expected: Sequence[str], said: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (expected, said) symbol by symbol; EDGE stands in for one that is missing or too many."""
    for code in Levenshtein.opcodes(expected, said):
        there, here = expected[code.src_start : code.src_end], said[code.dest_start : code.dest_end]
        yield from itertools.zip_longest(there, here, fillvalue=EDGE)


def differing(expected: Sequence[str], said: Sequence[str]) -> list[tuple[bool, list[str]]]:
    """Return an answer in stretches, each with whether it differs; an empty one lacks what should stand there."""
    codes = Levenshtein.opcodes(expected, said)
    return [(code.tag != "equal", list(said[code.dest_start : code.dest_end])) for code in codes]
