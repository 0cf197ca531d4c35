"""Scripts that have no spaces between words."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable

__all__ = ["is_unspaced", "without_spaces"]

UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")  # beginnings of names


def without_spaces(texts: Iterable[str]) -> bool:
    """Return whether more than half of the words, or whatever is between spaces, are of scripts without spaces."""
    n = n_words = 0
    for text in texts:
        words = text.split()
        n_words += len(words)
        n += 0 if text.isascii() else sum(map(is_unspaced, words))
    return 2 * n > n_words


def is_unspaced(word: str) -> bool:
    """Return whether a word is, for the most part, of a script without spaces."""
    return 2 * sum(map(_is_unspaced, word)) > len(word)


@functools.cache
def _is_unspaced(c: str) -> bool:
    return not c.isascii() and unicodedata.name(c, "").startswith(UNSPACED)
