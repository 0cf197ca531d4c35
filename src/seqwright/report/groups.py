"""Accuracy of groups of items, with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seqwright.report.bar_chart import Bar
from seqwright.report.items import Item

__all__ = ["best_of", "by_length", "by_rarity", "of_length", "of_rarity", "span", "wilson"]

N_LENGTHS = 7  # bars that fit on a phone
FREQUENCIES = (("never", 0), ("1–9", 9), ("10–99", 99), ("100–999", 999), ("1,000+", math.inf))


def by_length(items: Sequence[Item]) -> list[Bar]:
    """Return exact match by the length of the source in tokens."""
    return [bar(span(group), group) for group in of_length(items)]


def by_rarity(items: Sequence[Item]) -> list[Bar]:
    """Return exact match by the training frequency of the source's rarest symbol."""
    return [bar(label, group) for label, group in of_rarity(items)]


def of_length(items: Sequence[Item]) -> list[list[Item]]:
    """Return groups of about equal size by source length in tokens; a length is never split between groups."""
    groups: list[list[Item]] = []
    for item in sorted(items, key=lambda item: len(item.source_tokens)):
        same = groups and len(groups[-1][-1].source_tokens) == len(item.source_tokens)
        if not groups or (len(groups[-1]) >= len(items) / N_LENGTHS and not same):
            groups.append([])
        groups[-1].append(item)
    return groups


def of_rarity(items: Sequence[Item]) -> list[tuple[str, list[Item]]]:
    """Return the non-empty groups of FREQUENCIES with their labels."""
    found, least = [], -1.0
    for label, most in FREQUENCIES:
        if group := [item for item in items if least < item.rarest <= most]:
            found.append((label, group))
        least = most
    return found


def span(group: Sequence[Item]) -> str:
    """Return the range of lengths of a group of `of_length`."""
    first, last = len(group[0].source_tokens), len(group[-1].source_tokens)
    return f"{first}" if first == last else f"{first}–{last}"


def best_of(items: Sequence[Item]) -> list[Bar]:
    """Return n-best accuracy for 1, 2 … n: the share of items with a reference among the first n hypotheses."""
    n_best = max(len(item.hypotheses) for item in items)
    found = []
    for n in range(1, n_best + 1):
        n_right = sum(item.right_at is not None and item.right_at < n for item in items)
        found.append(Bar(str(n), 100 * n_right / len(items), *wilson(n_right, len(items)), len(items)))
    return found


def bar(label: str, group: Sequence[Item]) -> Bar:
    n_right = sum(item.right for item in group)
    return Bar(label, 100 * n_right / len(group), *wilson(n_right, len(group)), len(group))


def wilson(n_right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % score interval of the proportion n_right / n, in percent (Wilson 1927)."""
    p = n_right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)
