"""Texts that are empty, far longer than the rest, or far longer than their other side suggests."""

import math
import statistics
from collections.abc import Iterator, Sequence

from seqwright.data_checks.code_points import visible
from seqwright.data_checks.findings import Case, Finding, Level
from seqwright.data_checks.splits import SIDES, Cut, Split, places

__all__ = ["empty", "long", "unlikely_ratios"]

TIMES = 4  # the length that only one text in a hundred exceeds, times this, is extreme
SPREADS = 6  # standard deviations of the logarithm of target length / source length
LEAST = 8  # tokens that the longer side must have more for a ratio to be strange: short texts vary
SHOWN = 60  # characters of a text in a message


def empty(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find pairs of which one side is empty, and empty lines."""
    for name, text_of in SIDES:
        where = [
            (split, pair)
            for split in splits
            for pair in split.pairs
            if not text_of(pair).strip(" ") and (pair.source or pair.target)
        ]
        if where:
            n = len(where)
            yield Finding(
                kind=f"{name} empty",
                level=Level.WARNING,
                message=f"{n:,} pair{' has' if n == 1 else 's have'} an empty {name}",
                advice="Training takes it as is: nothing to read, or nothing to answer. Remove it unless it is meant.",
                cases=[Case(f"empty {name}", places(where))],
            )
    blank = [(split, pair) for split in splits for pair in split.pairs if not pair.source and not pair.target]
    if blank:
        n = len(blank)
        yield Finding(
            kind="empty lines",
            level=Level.NOTE,
            message=f"{n:,} line{' is' if n == 1 else 's are'} empty",
            advice="Training leaves them out.",
            cases=[Case("empty line", places(blank))],
        )


def long(cuts: Sequence[Cut], unit: Sequence[str]) -> Iterator[Finding]:
    """Find texts with far more tokens than the rest of their side.   unit: what a token of each side is."""
    for side, (name, text_of) in enumerate(SIDES):
        lengths = sorted(len(tokens) for cut in cuts for tokens in cut.tokens[side])
        if not lengths:
            continue
        limit = max(20, TIMES * lengths[math.ceil(0.99 * len(lengths)) - 1])
        extreme = [
            (len(tokens), cut.split, pair)
            for cut in cuts
            for pair, tokens in zip(cut.split.pairs, cut.tokens[side], strict=True)
            if len(tokens) > limit
        ]
        extreme.sort(key=lambda item: -item[0])
        if extreme:
            n = len(extreme)
            yield Finding(
                kind=f"{name} long",
                level=Level.WARNING,
                message=f"{n:,} {name}{' has' if n == 1 else 's have'} over {limit:,} {unit[side]}, unusually many",
                advice="One such line makes its whole batch slow, and answers may grow as long. Cut or drop them.",
                cases=[
                    Case(f"{length:,} {unit[side]}: {start(text_of(pair))}", places([(split, pair)]))
                    for length, split, pair in extreme
                ],
            )


def unlikely_ratios(cuts: Sequence[Cut]) -> Iterator[Finding]:
    """Find pairs whose target is far too long or too short for its source, as shifted or cut lines are."""
    measured = [
        (math.log(len(target) / len(source)), len(source), len(target), cut.split, pair)
        for cut in cuts
        for pair, source, target in zip(cut.split.pairs, *cut.tokens, strict=True)
        if source and target
    ]
    if len(measured) < 2:
        return
    middle = statistics.median(ratio for ratio, *_ in measured)
    # The median deviation is no larger for a few outliers; 1.4826 of it is a standard deviation of normal data.
    spread = max(1.4826 * statistics.median(abs(ratio - middle) for ratio, *_ in measured), 0.1)
    usual = math.exp(middle)
    strange = [
        (abs(ratio - middle), n_source, n_target, split, pair)
        for ratio, n_source, n_target, split, pair in measured
        if abs(ratio - middle) > SPREADS * spread and abs(n_target - usual * n_source) >= LEAST
    ]
    if strange:
        n = len(strange)
        strange.sort(key=lambda item: -item[0])
        yield Finding(
            kind="unlikely ratios",
            level=Level.WARNING,
            message=f"{n:,} pair{' has a side' if n == 1 else 's have a side'} far too long for the other",
            advice=f"Usual are {usual:.2g} target tokens a source token. Is a line cut, or are sides shifted?",
            cases=[
                Case(
                    f"{n_source:,} → {n_target:,} tokens: {start(pair.source)} → {start(pair.target)}",
                    places([(split, pair)]),
                )
                for _, n_source, n_target, split, pair in strange
            ],
        )


def start(text: str) -> str:
    """Return as much of a text as a message has room for."""
    return visible(text) if len(text) <= SHOWN else f"{visible(text[:SHOWN])}…"
