"""Substitutions, omissions and insertions in answers, from minimum edit distance alignments with the references."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from seqwright.report.items import Item

__all__ = ["EDGE", "Confusion", "Rewrite", "Rewritten", "confusions", "differing", "rewrites", "rewritten"]

EDGE = ""  # the neighbour of the first and the last token
Tokens = tuple[str, ...]


class Rewrite(NamedTuple):
    """Consecutive edits: tokens of the reference and those of the answer in their place; either may be empty.

    before, after: neighbouring tokens of the reference, EDGE at its ends.
    """

    expected: Tokens
    predicted: Tokens
    before: str
    after: str


class Rewritten(NamedTuple):
    """All occurrences of a rewrite: their number, their most frequent context, and examples.

    where: "after" or "before" the token `beside` in n_where of the n cases; "" if no two cases share a context.
    """

    expected: Tokens
    predicted: Tokens
    n: int
    where: str
    beside: str
    n_where: int
    examples: list[Item]


class Confusion(NamedTuple):
    """Confusion matrix of the most confused symbols: rows are expected, columns predicted.

    The row of EDGE has insertions, its column omissions.
    """

    symbols: list[str]
    counts: list[list[int]]


def rewrites(expected: Sequence[str], predicted: Sequence[str]) -> Iterator[Rewrite]:
    """Yield the differences of an answer from its reference; adjacent edits are merged."""
    start: tuple[int, int] | None = None
    codes = [*Levenshtein.opcodes(expected, predicted), None]
    for code in codes:
        if code is not None and code.tag != "equal":
            start = start or (code.src_start, code.dest_start)
            end = (code.src_end, code.dest_end)
        elif start is not None:
            yield Rewrite(
                tuple(expected[start[0] : end[0]]),
                tuple(predicted[start[1] : end[1]]),
                expected[start[0] - 1] if start[0] else EDGE,
                expected[end[0]] if end[0] < len(expected) else EDGE,
            )
            start = None


def rewritten(items: Iterable[Item], *, n_examples: int = 3) -> list[Rewritten]:
    """Return all rewrites in the best hypotheses, most frequent first, then by symbol."""
    found: dict[tuple[Tokens, Tokens], list[tuple[Rewrite, Item]]] = {}
    for item in items:
        for rewrite in rewrites(item.expected, item.best.tokens):
            found.setdefault((rewrite.expected, rewrite.predicted), []).append((rewrite, item))
    ranked = sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [
        Rewritten(expected, predicted, len(cases), *typical([one for one, _ in cases]), examples(cases, n_examples))
        for (expected, predicted), cases in ranked
    ]


def typical(cases: Sequence[Rewrite]) -> tuple[str, str, int]:
    """Return (where, beside, n) of the most frequent neighbour; the preceding one wins a tie."""
    counted = Counter(("after", case.before) for case in cases)
    counted.update(("before", case.after) for case in cases)
    (where, beside), n = max(counted.items(), key=lambda entry: (entry[1], entry[0][0] == "after", entry[0]))
    return (where, beside, n) if n > 1 or len(cases) == 1 else ("", "", 0)


def examples(cases: Sequence[tuple[Rewrite, Item]], n: int) -> list[Item]:
    distinct = {(item.source, item.features): item for _, item in cases}
    return list(distinct.values())[:n]


def confusions(items: Iterable[Item], *, n_symbols: int = 12) -> Confusion:
    """Return the confusion matrix of the most confused symbols, with correct predictions on the diagonal."""
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        counts.update(aligned(item.expected, item.best.tokens))
    confused: Counter[str] = Counter()
    for (expected, predicted), n in counts.items():
        if expected != predicted:
            confused[expected] += n
            confused[predicted] += n
    nothing = [EDGE] if confused.pop(EDGE, 0) else []
    ranked = sorted(confused, key=lambda symbol: (-confused[symbol], symbol))[:n_symbols]
    symbols = [*sorted(ranked), *nothing]
    return Confusion(symbols, [[counts[expected, predicted] for predicted in symbols] for expected in symbols])


def aligned(expected: Sequence[str], predicted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield aligned (expected, predicted) symbols; EDGE fills in for insertions and omissions."""
    for code in Levenshtein.opcodes(expected, predicted):
        there, here = expected[code.src_start : code.src_end], predicted[code.dest_start : code.dest_end]
        yield from itertools.zip_longest(there, here, fillvalue=EDGE)


def differing(expected: Sequence[str], predicted: Sequence[str]) -> list[tuple[bool, list[str]]]:
    """Return the spans of an answer as (differs, tokens); a span that differs without tokens is an omission."""
    codes = Levenshtein.opcodes(expected, predicted)
    return [(code.tag != "equal", list(predicted[code.dest_start : code.dest_end])) for code in codes]
