"""Recognise pairs of sentences in two languages, and choose the units to cut them into.

Strings of other kinds (words and their phonemes or inflected forms, dates, numbers, names) are cut as `text.detect`
finds. Sentences differ from them by the running text on both sides: several words a text, of several letters, from
a vocabulary that goes on growing. The texts decide, not the names of files or languages.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from seqwright import scripts

__all__ = ["are_translations", "units"]

SAMPLE = 5_000  # pairs, evenly from all that are given
FEWEST = 50  # pairs from which anything is concluded

# Of running text, English to Korean to Vietnamese: 3 to 30 words a sentence, 2.5 to 7 letters a word.
MEAN_WORDS = 2.5
SHORT_WORDS = 1.5  # where both sides end with full stops: the first lessons of a course, sorted by length
MEAN_LETTERS = 2.0  # phonemes have 1 to 1.7
WITH_LETTERS = 0.8  # of the words that are not punctuation alone: dates and amounts have fewer
CAPITALISED = 0.7  # of the words after the first: names and titles have more, German has 0.35
# Distinct words ÷ √words, of which no more than GROWING count: names of numbers or months are few.
GROWTH = 1.2
GROWING = 6_400

UNSPACED_LETTERS = 4  # of a text in a script without spaces, on the average
FULL_STOPS = tuple("。．.!?！？…।؟۔።")
STOPPED = 0.3  # of the texts of one side end with a full stop where neither side has spaces; Thai has none
ALL_STOPPED = 0.8  # of the texts of short sentences

ALIGNED = 0.8  # of the pairs with as many words on one side as on the other: spelling or pronunciation, word for word
COMMON = 0.5  # of a target's words that its source has: corrections and other rewriting in one language


def are_translations(sources: Sequence[str], targets: Sequence[str]) -> bool:
    """Return whether the pairs are sentences and their translations.

    At least one side is running text with spaces, or both are in scripts without spaces and one of them ends with full
    stops. Pairs that convert sentences word for word, or rewrite them in the same words, are no translations: such a
    task is one of strings, which are better copied and converted by characters.
    """
    if len(sources) < FEWEST:
        return False
    step = -(-len(sources) // SAMPLE)
    sources, targets = sources[::step], targets[::step]
    stops = stopped(sources), stopped(targets)
    least = SHORT_WORDS if min(stops) >= ALL_STOPPED else MEAN_WORDS
    sides = Side.of(sources, least), Side.of(targets, least)
    if all(side.spaced for side in sides):
        return not rewritten(sources, targets)
    if not all(side.spaced or side.unspaced for side in sides):
        return False
    return any(side.spaced for side in sides) or max(stops) >= STOPPED


def units(n_pairs: int) -> int:
    """Return the number of subwords to cut sentences into; 0: characters."""
    if n_pairs < 1_000:
        return 0
    growth: float = (n_pairs / 3_000) ** 0.4
    return min(4_000, 250 * round(4 * growth))  # 1,000 of 3,000 pairs, 4,000 of 100,000


class Side(NamedTuple):
    """What the texts of one side are.   spaced, unspaced: running text with spaces between its words, or without."""

    spaced: bool
    unspaced: bool

    @classmethod
    def of(cls, texts: Sequence[str], least_words: float = MEAN_WORDS) -> Side:
        """Return what texts are.   least_words: of running text, on the average."""
        words = [word for text in texts for word in words_of(text)]
        if not words:
            return cls(False, False)
        n_letters = [sum(map(is_letter, word)) for word in words]
        lettered = sum(n > 0 for n in n_letters)
        if lettered < WITH_LETTERS * len(words):
            return cls(False, False)
        if scripts.without_spaces(words):
            return cls(False, sum(n_letters) >= UNSPACED_LETTERS * len(texts))
        distinct = {part for word, n in zip(words, n_letters, strict=True) if n for part in parts(word)}
        spaced = (
            len(words) >= least_words * len(texts)
            and sum(n_letters) >= MEAN_LETTERS * lettered
            and len(distinct) >= GROWTH * math.sqrt(min(len(words), GROWING))
            and capitalised(texts) < CAPITALISED
        )
        return cls(spaced, False)


PUNCTUATION = "".join(c for c in map(chr, range(0x3100)) if unicodedata.category(c)[0] in "PS")
BLANKS = str.maketrans(dict.fromkeys(PUNCTUATION, " "))


def words_of(text: str) -> list[str]:
    """Return the words between spaces; punctuation alone is none."""
    return [word for word in text.split() if word.strip(PUNCTUATION)]


def parts(word: str) -> list[str]:
    """Return the parts of a word between its punctuation marks, since hyphens join a few numerals to many words."""
    return word.casefold().translate(BLANKS).split()


def is_letter(c: str) -> bool:
    """Return whether a character is a letter or one of the marks that vowels are written with in Indic scripts."""
    return c.isalpha() or unicodedata.category(c) in {"Mc", "Mn"}


def capitalised(texts: Iterable[str]) -> float:
    """Return the share of words after the first that have one capital, in front."""
    rest = [word for text in texts for word in text.split()[1:] if word[0].isalpha()]
    return sum(word.istitle() for word in rest) / max(1, len(rest))


def stopped(texts: Sequence[str]) -> float:
    return sum(text.rstrip().endswith(FULL_STOPS) for text in texts) / len(texts)


def rewritten(sources: Sequence[str], targets: Sequence[str]) -> bool:
    """Return whether targets say their sources word for word, or in the same words."""
    aligned = common = n_words = 0
    for source, target in zip(sources, targets, strict=True):
        read, said = words_of(source.casefold()), words_of(target.casefold())
        aligned += len(read) == len(said)
        common += len(set(said) & set(read))
        n_words += len(set(said))
    return aligned >= ALIGNED * len(sources) or common >= COMMON * n_words
