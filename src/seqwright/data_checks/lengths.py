"""Empty texts, unusually long texts, and unusual ratios of target length to source length."""

import math
import statistics
from collections.abc import Iterator, Sequence

from seqwright.data_checks.code_points import visible
from seqwright.data_checks.findings import Case, Finding, Level
from seqwright.data_checks.splits import SIDES, Cut, Split, places

__all__ = ["empty", "long", "unlikely_ratios"]

TIMES = 4  # a length over this multiple of the 99th percentile is unusual
SPREADS = 6  # standard deviations of log(target length / source length)
LEAST = 8  # minimum deviation in tokens of an unusual ratio: ratios of short texts vary
SHOWN = 60  # maximum number of characters of a text in a message


def empty(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find pairs with an empty source or target, and empty lines."""
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
                advice="Training uses such pairs as they are. Remove them unless intended.",
                cases=[Case(f"empty {name}", places(where))],
            )
    blank = [(split, pair) for split in splits for pair in split.pairs if not pair.source and not pair.target]
    if blank:
        n = len(blank)
        yield Finding(
            kind="empty lines",
            level=Level.NOTE,
            message=f"{n:,} line{' is' if n == 1 else 's are'} empty",
            advice="Training skips them.",
            cases=[Case("empty line", places(blank))],
        )


def long(cuts: Sequence[Cut], unit: Sequence[str]) -> Iterator[Finding]:
    """Find unusually long sources and targets.   unit: kind of token of each side."""
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
                advice="Long lines slow down training, which leaves out the longest of them. Shorten or remove them.",
                cases=[
                    Case(f"{length:,} {unit[side]}: {start(text_of(pair))}", places([(split, pair)]))
                    for length, split, pair in extreme
                ],
            )


def unlikely_ratios(cuts: Sequence[Cut]) -> Iterator[Finding]:
    """Find pairs whose target is unusually long or short for its source, as in misaligned or truncated files."""
    measured = [
        (math.log(len(target) / len(source)), len(source), len(target), cut.split, pair)
        for cut in cuts
        for pair, source, target in zip(cut.split.pairs, *cut.tokens, strict=True)
        if source and target
    ]
    if len(measured) < 2:
        return
    middle = statistics.median(ratio for ratio, *_ in measured)
    # The median absolute deviation is robust to outliers; times 1.4826 it estimates the standard deviation.
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
            message=f"{n:,} pair{' has' if n == 1 else 's have'} an unusual ratio of target length to source length",
            advice=f"The median is {usual:.2g} target tokens per source token. Lines may be truncated or misaligned.",
            cases=[
                Case(
                    f"{n_source:,} → {n_target:,} tokens: {start(pair.source)} → {start(pair.target)}",
                    places([(split, pair)]),
                )
                for _, n_source, n_target, split, pair in strange
            ],
        )


def start(text: str) -> str:
    """Return a text, truncated for a message."""
    return visible(text) if len(text) <= SHOWN else f"{visible(text[:SHOWN])}…"
