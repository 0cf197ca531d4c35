"""Words and phrases that are missing from the answers or spurious in them, counted as BLEU counts n-grams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seqwright.metrics import bleu
from seqwright.report.items import Item

__all__ = ["Deviation", "missing", "spurious"]

LONGEST = 4  # words
MOSTLY = 0.7
Ngram = tuple[str, ...]


class Deviation(NamedTuple):
    """An n-gram that is more frequent in answers than in references, or the reverse.

    n: number of unmatched occurrences.   of: number of all occurrences.   items: items with unmatched occurrences.
    """

    words: Ngram
    n: int
    of: int
    items: list[Item]


def missing(items: Sequence[Item], words: bleu.Tokenizer, *, most: int = 12) -> list[Deviation]:
    """Return the n-grams of references that are missing from the answers, most frequent first."""
    return deviations(((item, reference, answer) for item, answer, reference in sides(items, words)), most)


def spurious(items: Sequence[Item], words: bleu.Tokenizer, *, most: int = 12) -> list[Deviation]:
    """Return the n-grams of answers that are missing from the references, most frequent first."""
    return deviations(((item, answer, reference) for item, answer, reference in sides(items, words)), most)


def sides(items: Sequence[Item], words: bleu.Tokenizer) -> Iterator[tuple[Item, Sequence[str], Sequence[str]]]:
    """Yield each item with the words of its answer and of the closest reference."""
    for item in items:
        yield item, words.split(item.best.text), words.split(item.closest)


def deviations(compared: Iterable[tuple[Item, Sequence[str], Sequence[str]]], most: int) -> list[Deviation]:
    """Return the n-grams that are more frequent in the first words of each triple than in the second.

    Redundant n-grams are omitted: those whose cases are mostly part of a longer repeated n-gram, and those that share a
    word and most of their items with an n-gram that is listed before.
    """
    lacking: Counter[Ngram] = Counter()
    total: Counter[Ngram] = Counter()
    cases: dict[Ngram, dict[int, Item]] = {}
    for number, (item, here, there) in enumerate(compared):
        found = Counter(ngrams(here))
        total.update(found)
        for ngram, n in (found - Counter(ngrams(there))).items():
            lacking[ngram] += n
            cases.setdefault(ngram, {})[number] = item
    longer = Counter(dict.fromkeys(lacking, 0))
    for ngram, n in lacking.items():
        for part in (ngram[1:], ngram[:-1]) if n > 1 else ():
            longer[part] = max(longer[part], n)
    kept = (ngram for ngram in lacking if longer[ngram] < MOSTLY * lacking[ngram])
    listed: list[Ngram] = []
    for ngram in sorted(kept, key=lambda ngram: (-lacking[ngram], len(ngram), ngram)):
        if len(listed) < most and not any(explained(ngram, other, cases) for other in listed):
            listed.append(ngram)
    return [Deviation(ngram, lacking[ngram], total[ngram], list(cases[ngram].values())) for ngram in listed]


def explained(ngram: Ngram, by: Ngram, cases: Mapping[Ngram, Mapping[int, Item]]) -> bool:
    common = cases[ngram].keys() & cases[by].keys()
    return len(common) >= MOSTLY * len(cases[ngram]) and not set(ngram).isdisjoint(by)


def ngrams(words: Sequence[str]) -> Iterator[Ngram]:
    """Yield the sequences of up to LONGEST words that neither begin nor end with a punctuation mark."""
    for i in range(len(words)):
        for j in range(i + 1, min(i + LONGEST, len(words)) + 1):
            if is_word(words[i]) and is_word(words[j - 1]):
                yield tuple(words[i:j])


def is_word(word: str) -> bool:
    return any(map(str.isalnum, word))
