"""Quality of answers that are sentences, by the chrF of each, because few sentences match exactly."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

from seqwright.metrics import chrf
from seqwright.report import groups
from seqwright.report.bar_chart import Bar
from seqwright.report.items import Item

__all__ = ["Graded", "best_of", "by_confidence", "by_length", "by_rarity", "distribution", "graded"]

STEP = 20  # of chrF, in a distribution
N_PARTS = 5


class Graded(NamedTuple):
    """A dev item with the chrF of each of its hypotheses, in their order."""

    item: Item
    grades: list[float]

    @property
    def grade(self) -> float:
        """The chrF of the best hypothesis."""
        return self.grades[0]


def graded(items: Sequence[Item]) -> list[Graded]:
    """Return the items with the chrF of all hypotheses, each against its best reference."""
    return [Graded(item, [chrf.sentence_score(h.text, item.references) for h in item.hypotheses]) for item in items]


def distribution(sentences: Sequence[Graded]) -> list[Bar]:
    """Return a histogram of chrF."""
    bars, n = [], len(sentences)
    for low in range(0, 100, STEP):
        last = low + STEP >= 100
        inside = sum(low <= one.grade and (last or one.grade < low + STEP) for one in sentences)
        bars.append(Bar(f"{low}–{low + STEP}", 100 * inside / n, *groups.wilson(inside, n), inside))
    return bars


def by_length(sentences: Sequence[Graded]) -> list[Bar]:
    """Return mean chrF by source length in tokens, in groups of about equal size."""
    index = {id(one.item): one for one in sentences}
    parts = groups.of_length([one.item for one in sentences])
    return [mean(groups.span(part), [index[id(item)].grade for item in part]) for part in parts]


def by_rarity(sentences: Sequence[Graded]) -> list[Bar]:
    """Return mean chrF by the training frequency of the source's rarest symbol."""
    index = {id(one.item): one for one in sentences}
    parts = groups.of_rarity([one.item for one in sentences])
    return [mean(label, [index[id(item)].grade for item in part]) for label, part in parts]


def by_confidence(sentences: Sequence[Graded]) -> list[Bar]:
    """Return mean chrF of quintiles by the mean log-probability of the answers' tokens."""
    return parted(sentences, lambda one: one.item.best.score)


def best_of(sentences: Sequence[Graded]) -> list[Bar]:
    """Return mean chrF of the best of the first 1, 2 … n hypotheses."""
    n_best = max(len(one.grades) for one in sentences)
    return [mean(str(n), [max(one.grades[:n]) for one in sentences]) for n in range(1, n_best + 1)]


def parted(sentences: Sequence[Graded], key: Callable[[Graded], float]) -> list[Bar]:
    ordered = sorted(sentences, key=key)
    edges = [len(ordered) * i // N_PARTS for i in range(N_PARTS + 1)]
    parts = [ordered[first:last] for first, last in itertools.pairwise(edges) if last > first]
    return [
        mean(f"{math.exp(key(part[0])):.2f}–{math.exp(key(part[-1])):.2f}", [one.grade for one in part])
        for part in parts
    ]


def mean(label: str, grades: Sequence[float]) -> Bar:
    """Return the mean with its 95 % interval under a normal approximation."""
    middle = statistics.fmean(grades)
    half = 1.96 * statistics.stdev(grades) / math.sqrt(len(grades)) if len(grades) > 1 else 0.0
    return Bar(label, middle, max(0.0, middle - half), min(100.0, middle + half), len(grades))
