"""Vowels of words in an unknown alphabet, from the words alone.

Sukhotin's algorithm (Guy 1991, "Vowel Identification: An Old (But Good) Algorithm", Cryptologia 15:3): vowels and
consonants tend to alternate, so that the symbol with the most neighbours is a vowel; its neighbours are then less
likely to be vowels, and the next one is found. If the first one is a frequent consonant, the consonants are found, and
recognised by their number: languages have fewer vowels (Maddieson 1984, "Patterns of Sounds", chapters 2 and 8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

__all__ = ["find"]


def find(words: Iterable[Sequence[int]]) -> frozenset[int]:
    """Return the ids that are vowels; of ids with equally many neighbours, the least one is first."""
    neighbours: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for word in words:
        for a, b in pairwise(word):
            if a != b:
                neighbours[a][b] += 1
                neighbours[b][a] += 1
    remaining = {symbol: sum(counts.values()) for symbol, counts in neighbours.items()}
    vowels = set[int]()
    while remaining:
        vowel = min(remaining, key=lambda symbol: (-remaining[symbol], symbol))
        if remaining.pop(vowel) <= 0:
            break
        vowels.add(vowel)
        for symbol in remaining:
            remaining[symbol] -= 2 * neighbours[vowel][symbol]
    return frozenset(neighbours.keys() - vowels if 2 * len(vowels) > len(neighbours) else vowels)
