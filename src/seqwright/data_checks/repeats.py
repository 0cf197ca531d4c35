"""Duplicate lines, sources with several targets, and leaks between files."""

import unicodedata
from collections.abc import Iterator, Sequence

from seqwright.data_checks.code_points import visible
from seqwright.data_checks.findings import Case, Finding, Level, Place
from seqwright.data_checks.splits import Split

__all__ = ["leaks", "within_files"]


def within_files(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find sources with several targets for the same features in a file, and duplicate lines."""
    several, repeated = [], []
    for split in splits:
        for (source, features), answers in answered(split).items():
            shown = question(source, features)
            if len(answers) > 1:
                first = [Place(split.name, lines[0]) for lines in answers.values()]
                several.append(Case(f"{shown} → {' | '.join(map(visible, answers))}", first))
            for target, lines in answers.items():
                if len(lines) > 1:
                    where = [Place(split.name, line) for line in lines]
                    repeated.append(Case(f"{shown} → {visible(target)}", where))
    if several:
        n = len(several)
        yield Finding(
            kind="several answers",
            level=Level.NOTE,
            message=f"{n:,} source{' has' if n == 1 else 's have'} several different targets",
            advice="In evaluation, all of them are references. A model learns the most probable one.",
            cases=several,
        )
    if repeated:
        n = sum(len(case.places) - 1 for case in repeated)
        yield Finding(
            kind="duplicates",
            level=Level.NOTE,
            message=f"{n:,} line{' repeats' if n == 1 else 's repeat'} an earlier line of the same file",
            advice="Duplicates have a higher weight in training. Remove them (sort -u) unless that is intended.",
            cases=repeated,
        )


def answered(split: Split) -> dict[tuple[str, str], dict[str, list[int]]]:
    """Return {(source, features): {target: line numbers}} without empty lines."""
    found: dict[tuple[str, str], dict[str, list[int]]] = {}
    for source, target, features, line in split.pairs:
        if source or target:
            found.setdefault((source, features), {}).setdefault(target, []).append(line)
    return found


def leaks(splits: Sequence[Split], *, n_training: int = 1) -> Iterator[Finding]:
    """Find sources, with their features, that occur in more than one file, up to Unicode normalisation.

    n_training: the first n_training files are one training set.
    """
    if len(splits) <= n_training:
        return
    training = {split.name for split in splits[:n_training]}
    found: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for split in splits:
        for pair in split.pairs:
            if pair.source or pair.target:
                found.setdefault((composed(pair.source), pair.features), []).append((split.name, pair.line))
    shared: dict[tuple[str, ...], list[Case]] = {}
    for (source, features), occurrences in found.items():
        files = tuple(dict.fromkeys(name for name, _ in occurrences))
        if len(files) > 1 and not training.issuperset(files):
            where = [Place(*place) for place in occurrences]
            shared.setdefault(files, []).append(Case(question(source, features), where))
    for files, cases in shared.items():
        n = len(cases)
        yield Finding(
            kind="leaks",
            level=Level.ERROR,
            message=f"{n:,} source{' occurs' if n == 1 else 's occur'} in {listed(files)}",
            advice="Scores on them measure memorisation. Remove them from all files but one.",
            cases=cases,
        )


def composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def question(source: str, features: str) -> str:
    return f"{visible(source)} ({visible(features)})" if features else visible(source)


def listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
