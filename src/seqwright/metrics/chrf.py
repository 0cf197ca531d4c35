"""chrF: F-score of character n-grams (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation").

The variant is sacrebleu's default, chrF2: n-grams of 1 to 6 characters without white space, recall weighted twice
(beta 2), orders that either side lacks left out of the mean. Unlike BLEU it also grades single sentences and answers
that are right in part, and needs no words.
"""

from collections import Counter
from collections.abc import Sequence

__all__ = ["SIGNATURE", "corpus_score", "sentence_score"]

ORDER = 6
BETA = 2
SIGNATURE = "case:mixed|eff:yes|nc:6|nw:0|space:no"

Counts = list[tuple[int, int, int]]  # for each order: n-grams of the hypothesis, of the reference, and in both


def corpus_score(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return chrF of N texts against N lists of one or more references, from 0 to 100.

    Of several references, that with the best sentence score counts.
    """
    found = [best(hypothesis, group) for hypothesis, group in zip(hypotheses, references, strict=True)]
    by_order = (zip(*order, strict=True) for order in zip(*found, strict=True))
    return f_score([(sum(h), sum(r), sum(m)) for h, r, m in by_order])


def sentence_score(hypothesis: str, references: Sequence[str]) -> float:
    """Return chrF of one text against its best reference, from 0 to 100."""
    return f_score(best(hypothesis, references))


def best(hypothesis: str, references: Sequence[str]) -> Counts:
    if len(references) == 1:
        return counts(hypothesis, references[0])
    return max((counts(hypothesis, reference) for reference in references), key=f_score)


def counts(hypothesis: str, reference: str) -> Counts:
    """Return the counts of each order; one that the reference is too short for counts no n-gram of the hypothesis."""
    said, right = "".join(hypothesis.split()), "".join(reference.split())
    found, expected = ngrams(said), ngrams(right)
    matches = [0] * (ORDER + 1)
    for ngram in found.keys() & expected.keys():
        matches[len(ngram)] += min(found[ngram], expected[ngram])
    return [
        (max(0, len(said) - n + 1) if len(right) >= n else 0, max(0, len(right) - n + 1), matches[n])
        for n in range(1, ORDER + 1)
    ]


def ngrams(text: str) -> Counter[str]:
    return Counter([text[i : i + n] for n in range(1, ORDER + 1) for i in range(len(text) - n + 1)])


def f_score(orders: Counts) -> float:
    """Return (1 + β²) P R / (β² P + R) in percent, P and R the mean precision and recall of the orders.

    The operations are those of sacrebleu in their order, without `sum`, whose rounding depends on the version of
    Python: where two references have equal scores, rounding selects one.
    """
    precision = recall = 0.0
    n_orders = 0
    for h, r, m in orders:
        if h and r:
            precision += m / h
            recall += m / r
            n_orders += 1
    if not precision:
        return 0.0
    precision /= n_orders
    recall /= n_orders
    return 100 * ((1 + BETA * BETA) * precision * recall / (BETA * BETA * precision + recall))
