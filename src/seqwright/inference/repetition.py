"""Detect answers with repeated phrases, which a decoder produces when its attention is stuck."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["repeats"]

LONGEST = 4  # words of a repeated phrase
WORDS = {1: 4, 2: 3, 3: 3, LONGEST: 3}  # times in a row that a phrase of so many words makes a loop
TOKENS = 6  # the same within a word: numbers and drawn-out spellings repeat a token more often than texts repeat a word


def repeats(text: str, tokens: Sequence[str], source: str) -> bool:
    """Return whether a phrase, or a token, follows itself more often than in the source.

    text: the answer.   tokens: those that it is made of.
    """
    words, read = text.split(), source.split()
    for size, n in WORDS.items():
        if (most := longest_run(words, size)) >= n and most > longest_run(read, size):
            return True
    return (most := longest_run(tokens, 1)) >= TOKENS and most > longest_run(source, 1)


def longest_run(items: Sequence[str], size: int) -> int:
    """Return how often, at most, `size` items follow themselves: 1 where none does, 0 where there are fewer."""
    n = len(items) // size and 1
    for start in range(size):
        run = 1
        for i in range(start + size, len(items) - size + 1, size):
            run = run + 1 if items[i : i + size] == items[i - size : i] else 1
            n = max(n, run)
    return n
