"""BLEU of a corpus (Papineni et al. 2002, "BLEU: a Method for Automatic Evaluation of Machine Translation").

The variant is sacrebleu's default (Post 2018): case-sensitive, mteval-v13a tokenisation, clipped precisions of 1 to 4
words, exponential smoothing of orders without a match (Chen & Cherry 2014, method 3). In scripts without spaces between
words, where that tokenisation makes one word of a sentence, words are characters, as by sacrebleu's tokenize="char".
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from seqwright import scripts

__all__ = ["Statistics", "Tokenizer", "corpus_score", "statistics", "tokenizer"]

ORDER = 4
ENTITIES = (("<skipped>", ""), ("-\n", ""), ("\n", " "), ("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"([\{-\~\[-\` -\&\(-\+\:-\@\/])", r" \1 "),  # punctuation other than . , - and '
        (r"([^0-9])([\.,])", r"\1 \2 "),  # a period or comma, unless a digit precedes it
        (r"([\.,])([^0-9])", r" \1 \2"),  # a period or comma, unless a digit follows it
        (r"([0-9])(-)", r"\1 \2 "),  # a hyphen after a digit
    )
)


class Tokenizer(NamedTuple):
    """What separates texts into words.

    name: in sacrebleu.   split: returns the words of a text.   join: returns the text of successive words, to show.
    """

    name: str
    split: Callable[[str], list[str]]
    join: Callable[[Iterable[str]], str]

    @property
    def signature(self) -> str:
        """The variant of BLEU, in the manner of sacrebleu."""
        return f"case:mixed|eff:no|tok:{self.name}|smooth:exp"


class Statistics(NamedTuple):
    """Counts of a corpus: words of the hypotheses, of the references closest in length, and n-grams of each order."""

    hypothesis_length: int
    reference_length: int
    matches: tuple[int, ...]
    totals: tuple[int, ...]

    @property
    def length_ratio(self) -> float:
        """Words of the hypotheses for each word of the references; 0 without the latter."""
        return self.hypothesis_length / self.reference_length if self.reference_length else 0.0

    @property
    def score(self) -> float:
        """BLEU, from 0 to 100."""
        if not any(self.matches) or not all(self.totals):
            return 0.0
        log_precisions, halvings = 0.0, 0
        for n_matches, n_total in zip(self.matches, self.totals, strict=True):
            halvings += n_matches == 0
            log_precisions += math.log((n_matches or 0.5**halvings) / n_total)
        brevity = min(0.0, 1 - self.reference_length / self.hypothesis_length)
        return 100 * math.exp(brevity + log_precisions / ORDER)


def corpus_score(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return BLEU of N texts against N lists of one or more references, from 0 to 100."""
    return statistics(hypotheses, references, tokenizer(references)).score


def tokenizer(references: Iterable[Iterable[str]]) -> Tokenizer:
    """Return what separates the words of such references: characters where most are in scripts without spaces."""
    return CHARACTERS if scripts.without_spaces(text for group in references for text in group) else WORDS


def statistics(hypotheses: Sequence[str], references: Sequence[Sequence[str]], words_of: Tokenizer) -> Statistics:
    """Return the counts that BLEU and the length ratio of a corpus are computed from."""
    tokenize = words_of.split
    length = closest = 0
    matches, totals = [0] * ORDER, [0] * ORDER
    for hypothesis, group in zip(hypotheses, references, strict=True):
        words, right = tokenize(hypothesis), [tokenize(reference) for reference in group]
        length += len(words)
        closest += min((abs(len(one) - len(words)), len(one)) for one in right)[1]
        clipped: Counter[tuple[str, ...]] = Counter()
        for one in right:
            clipped |= Counter(ngrams(one))
        for ngram, n in Counter(ngrams(words)).items():
            totals[len(ngram) - 1] += n
            matches[len(ngram) - 1] += min(n, clipped[ngram])
    return Statistics(length, closest, tuple(matches), tuple(totals))


def mteval_13a(text: str) -> list[str]:
    """Return the words and punctuation marks of a text, as the script mteval-v13a separates them."""
    text = text.rstrip()
    for entity, replacement in ENTITIES:
        text = text.replace(entity, replacement)
    text = f" {text} "
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text.split()


def characters(text: str) -> list[str]:
    """Return the characters of a text without spaces."""
    return [c for c in text if not c.isspace()]


WORDS = Tokenizer("13a", mteval_13a, " ".join)
CHARACTERS = Tokenizer("char", characters, "".join)


def ngrams(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(words[i : i + n]) for n in range(1, ORDER + 1) for i in range(len(words) - n + 1))
