"""Lines that say the same, or answer the same question differently; questions that stand in two files."""

import unicodedata
from collections.abc import Iterator, Sequence

from seqwright.data.readers import Pair
from seqwright.inspection.code_points import visible
from seqwright.inspection.findings import Case, Finding, Level, Place
from seqwright.inspection.splits import Split, grouped

__all__ = ["duplicates", "leaks", "several_answers"]


def duplicates(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find lines that stand more than once in a file."""
    cases = []
    for split in splits:
        for (source, features, target), where in grouped([split], whole).items():
            if len(where) > 1:
                cases.append(Case(f"{question(source, features)} → {visible(target)}", where))
    if cases:
        n = sum(len(case.places) - 1 for case in cases)
        yield Finding(
            kind="duplicates",
            level=Level.NOTE,
            says=f"{n:,} line{' repeats' if n == 1 else 's repeat'} an earlier line of the same file",
            advice="Training sees such a pair more often. Keep them if frequency is meant, else sort -u.",
            cases=cases,
        )


def several_answers(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find sources that have different targets with the same features in a file."""
    cases = []
    for split in splits:
        answers: dict[tuple[str, str], dict[str, Place]] = {}
        for (source, features, target), where in grouped([split], whole).items():
            answers.setdefault((source, features), {})[target] = where[0]
        for (source, features), found in answers.items():
            if len(found) > 1:
                said = " | ".join(map(visible, found))
                cases.append(Case(f"{question(source, features)} → {said}", list(found.values())))
    if cases:
        n = len(cases)
        yield Finding(
            kind="several answers",
            level=Level.NOTE,
            says=f"{n:,} source{' has' if n == 1 else 's have'} several different targets",
            advice="An evaluation counts any of them as right. A model can only learn which is likelier.",
            cases=cases,
        )


def leaks(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find sources, with their features, that stand in more than one file; Unicode forms count as the same."""
    if len(splits) < 2:
        return
    found = grouped(splits, lambda pair: (composed(pair.source), pair.features))
    shared: dict[tuple[str, ...], list[Case]] = {}
    for (source, features), where in found.items():
        files = tuple(dict.fromkeys(place.file for place in where))
        if len(files) > 1:
            shared.setdefault(files, []).append(Case(question(source, features), where))
    for files, cases in shared.items():
        n = len(cases)
        yield Finding(
            kind="leaks",
            level=Level.MEND,
            says=f"{n:,} source{' stands' if n == 1 else 's stand'} in {listed(files)}",
            advice="A score on them measures memory. Remove them from all files but one.",
            cases=cases,
        )


def whole(pair: Pair) -> tuple[str, str, str]:
    return pair.source, pair.features, pair.target


def composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def question(source: str, features: str) -> str:
    return f"{visible(source)} ({visible(features)})" if features else visible(source)


def listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
