"""The sections of a report on sentences, which are evaluated by BLEU and chrF instead of exact match."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from seqwright import metrics, scripts
from seqwright.data.text import TextFormat, Tokens
from seqwright.metrics import bleu
from seqwright.report import answers, examples, ngrams, quality
from seqwright.report.bar_chart import bar_chart
from seqwright.report.items import Item
from seqwright.report.markup import Child, Markup, data, element
from seqwright.report.page import Figure, Section, section, table
from seqwright.report.quality import Graded

__all__ = ["headline", "sections"]

WORDS, CHARACTERS = TextFormat(Tokens.WORDS), TextFormat(Tokens.CHARACTERS)
N_EXAMPLES = 5  # in each table
MEAN_CHRF = "mean chrF"


def headline(scores: metrics.Scores, sentences: metrics.SentenceScores, loss: float | None) -> list[Figure]:
    """Return the headline figures.   loss: of the references, in nats per token."""
    figures = [
        Figure(f"{sentences.bleu:.1f}", "", "BLEU"),
        Figure(f"{sentences.chrf:.1f}", "", "chrF"),
        Figure(f"{sentences.length_ratio:.2f}", "", "length ratio of answers to references"),
        Figure(f"{scores.exact:.1f}", "%", "exact match"),
    ]
    if loss is not None:
        figures.insert(3, Figure(f"{math.exp(min(loss, 700)):.3g}", "", f"perplexity per token (loss {loss:.2f} nats)"))
    return figures


def sections(items: Sequence[Item]) -> list[Section]:
    """Return the sections on the answers."""
    sentences = quality.graded(items)
    return [
        strengths(sentences),
        by_quality(sentences),
        deviations(items),
        *filter(None, [examples.attention(items)]),
        oracle(sentences),
    ]


def strengths(sentences: Sequence[Graded]) -> Section:
    """Return the distribution of chrF, and mean chrF by properties of source and answer."""
    charts = element(
        "div",
        bar_chart("Distribution of chrF", quality.distribution(sentences), x_title="chrF of the sentence",
                  y_title="share of the sentences, %"),
        bar_chart("By length of the source", quality.by_length(sentences), x_title="tokens", y_title=MEAN_CHRF),
        bar_chart("By the source's rarest token", quality.by_rarity(sentences), x_title="occurrences in training",
                  y_title=MEAN_CHRF),
        bar_chart("By probability of the answer", quality.by_confidence(sentences),
                  x_title="mean token probability", y_title=MEAN_CHRF),
        class_="charts",
    )  # fmt: skip
    text = (
        "chrF is an F-score of character n-grams (n = 1 to 6): 100 for the reference itself, about 20 for unrelated "
        "sentences of the same language. Whiskers are 95 % confidence intervals. If improbable answers have a lower "
        "chrF, review those first."
    )
    return section("quality", "Quality of the answers", element("p", text), charts)


def by_quality(sentences: Sequence[Graded]) -> Section:
    """Return the best, median and worst answers by chrF; ties are broken by source length, longest first."""
    ranked = sorted(sentences, key=lambda one: (-one.grade, -len(one.item.source_tokens)))
    n = min(N_EXAMPLES, len(ranked))
    middle = (len(ranked) - n) // 2
    groups = [("Best", ranked[:n])]
    if len(ranked) >= 3 * n:
        groups.append(("Median", ranked[middle : middle + n]))
    if len(ranked) > n:
        groups.append(("Worst", ranked[max(n, len(ranked) - n) :]))
    parts = [part for title, chosen in groups for part in (element("h3", title), listed(title, chosen))]
    text = "Answers by chrF. Words that differ from the closest reference are highlighted."
    return section("examples", "Examples", element("p", text), *parts)


def listed(title: str, sentences: Sequence[Graded]) -> Markup:
    rows: list[list[Child]] = [
        [answers.source(one.item), answers.references(one.item), answer(one.item), f"{one.grade:.0f}"]
        for one in sentences
    ]
    return table(["source", "reference", "answer", "chrF"], rows, numbers=[3], name=title, stacked=True)


def answer(item: Item) -> Markup:
    """Return the answer with differences from the closest reference highlighted."""
    cut = CHARACTERS if scripts.without_spaces([item.closest]) else WORDS
    return answers.marked(cut.split(item.closest), cut.split(item.best.text), cut)


def deviations(items: Sequence[Item]) -> Section:
    """Return the most frequent missing and spurious phrases."""
    words = bleu.tokenizer([item.closest] for item in items)
    missing, spurious = ngrams.missing(items, words), ngrams.spurious(items, words)
    if not missing and not spurious:
        return section("ngrams", "Missing and spurious phrases", element("p", "All phrases match the references."))
    text = (
        "N-grams of up to four words (characters in scripts without spaces) that are in the closest reference but not "
        "in the answer (missing), or the reverse (spurious). Missing phrases may be rare in training, or have "
        "synonyms; frequent spurious phrases are defaults of the model."
    )
    columns = element(
        "div",
        counted("Missing from answers", missing, "in references", words, lambda item: item.closest),
        counted("Spurious in answers", spurious, "in answers", words, lambda item: item.best.text),
        class_="columns",
    )
    return section("ngrams", "Missing and spurious phrases", element("p", text), columns)


def counted(
    title: str, found: Sequence[ngrams.Deviation], total: str, words: bleu.Tokenizer, example: Callable[[Item], str]
) -> Markup:
    if not found:
        return element("div", element("h3", title), element("p", "None."))
    rows: list[list[Child]] = [
        [data(words.join(one.words)), f"{one.n:,}", f"{one.of:,}", data(min(map(example, one.items), key=len))]
        for one in found
    ]
    heads = ["phrase", "count", total, "example"]
    return element("div", element("h3", title), table(heads, rows, numbers=[1, 2], name=title))


def oracle(sentences: Sequence[Graded]) -> Section:
    """Return mean chrF of the best of n hypotheses, the upper bound of reranking."""
    best_of = quality.best_of(sentences)
    first, last = best_of[0].value, best_of[-1].value
    text = (
        f"The mean chrF of a sentence is {first:.1f}; for the best of {len(best_of)} hypotheses it is {last:.1f}, the "
        "upper bound for reranking them."
    )
    chart = bar_chart("Best of the first n hypotheses", best_of, x_title="n", y_title=MEAN_CHRF)
    return section("oracle", "Best of n", element("p", text), element("div", chart, class_="charts"))
