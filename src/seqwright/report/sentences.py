"""The sections on a model of sentences, which is graded by BLEU and chrF instead of right and wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from seqwright import metrics
from seqwright.data.text import TextFormat, Tokens
from seqwright.report import answers, examples, ngrams, quality
from seqwright.report.bar_chart import bar_chart
from seqwright.report.items import Item
from seqwright.report.markup import Child, Markup, data, element
from seqwright.report.page import Figure, Section, section, table
from seqwright.report.quality import Graded

__all__ = ["headline", "sections"]

WORDS = TextFormat(Tokens.WORDS)
N_EXAMPLES = 5  # of each quality
MEAN_CHRF = "mean chrF"


def headline(scores: metrics.Scores, sentences: metrics.SentenceScores, loss: float | None) -> list[Figure]:
    """Return the numbers at the head of the page.   loss: of the references, nats a token."""
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
    """Return how chrF is distributed, and how it depends on the source."""
    charts = element(
        "div",
        bar_chart("Sentences by their chrF", quality.distribution(sentences), x_title="chrF of the sentence",
                  y_title="share of the sentences, %"),
        bar_chart("By length of the source", quality.by_length(sentences), x_title="tokens", y_title=MEAN_CHRF),
        bar_chart("By the source's rarest token", quality.by_rarity(sentences), x_title="times seen in training",
                  y_title=MEAN_CHRF),
        bar_chart("By probability of the answer", quality.by_confidence(sentences),
                  x_title="mean probability of a token", y_title=MEAN_CHRF),
        class_="charts",
    )  # fmt: skip
    says = (
        "chrF compares sequences of one to six characters: 100 is the reference itself, and about 20 what unrelated "
        "sentences of a language have in common. Whiskers are 95 % intervals. Where improbable answers are worse, the "
        "probability tells which ones to check by hand."
    )
    return section("quality", "Quality of the answers", element("p", says), charts)


def by_quality(sentences: Sequence[Graded]) -> Section:
    """Return the best, middling and worst answers; of equally good ones, those to the longest sources."""
    ranked = sorted(sentences, key=lambda one: (-one.grade, -len(one.item.source_tokens)))
    n = min(N_EXAMPLES, len(ranked))
    middle = (len(ranked) - n) // 2
    groups = [("Best", ranked[:n])]
    if len(ranked) >= 3 * n:
        groups.append(("Middling", ranked[middle : middle + n]))
    if len(ranked) > n:
        groups.append(("Worst", ranked[max(n, len(ranked) - n) :]))
    parts = [part for title, chosen in groups for part in (element("h3", title), listed(title, chosen))]
    says = "Answers by their chrF. In an answer, words that its closest reference does not have there are marked."
    return section("examples", "Examples", element("p", says), *parts)


def listed(title: str, sentences: Sequence[Graded]) -> Markup:
    rows: list[list[Child]] = [
        [answers.asked(one.item), answers.references(one.item), answer(one.item), f"{one.grade:.0f}"]
        for one in sentences
    ]
    return table(["source", "reference", "answer", "chrF"], rows, numbers=[3], name=title, stacked=True)


def answer(item: Item) -> Markup:
    """Return the answer with the words marked that differ from the closest reference."""
    return answers.marked(WORDS.split(item.closest), WORDS.split(item.best.text), WORDS)


def deviations(items: Sequence[Item]) -> Section:
    """Return the words and phrases that the answers lack most often, and those that they have without reason."""
    missing, spurious = ngrams.missing(items), ngrams.spurious(items)
    if not missing and not spurious:
        return section("ngrams", "Missing and spurious phrases", element("p", "Every word is that of a reference."))
    says = (
        "Sequences of up to four words that only the closest reference of an answer has, or only the answer. What is "
        "often missing is not learned yet or has synonyms; what is often spurious is what the model falls back on."
    )
    columns = element(
        "div",
        counted("Missing from answers", missing, "in references", lambda item: item.closest),
        counted("Spurious in answers", spurious, "in answers", lambda item: item.best.text),
        class_="columns",
    )
    return section("ngrams", "Missing and spurious phrases", element("p", says), columns)


def counted(title: str, found: Sequence[ngrams.Deviation], total: str, example: Callable[[Item], str]) -> Markup:
    if not found:
        return element("div", element("h3", title), element("p", "None."))
    rows: list[list[Child]] = [
        [data(" ".join(one.words)), f"{one.n:,}", f"{one.of:,}", data(min(map(example, one.items), key=len))]
        for one in found
    ]
    heads = ["phrase", "times", total, "for example"]
    return element("div", element("h3", title), table(heads, rows, numbers=[1, 2], name=title))


def oracle(sentences: Sequence[Graded]) -> Section:
    """Return what a better choice among the hypotheses would gain."""
    best_of = quality.best_of(sentences)
    first, last = best_of[0].value, best_of[-1].value
    says = (
        f"The mean chrF of a sentence is {first:.1f}; with the best of {len(best_of)} hypotheses in every case it "
        f"would be {last:.1f}. No reordering of these hypotheses can gain more."
    )
    chart = bar_chart("Best of the first n hypotheses", best_of, x_title="n", y_title=MEAN_CHRF)
    return section("oracle", "Best of n", element("p", says), element("div", chart, class_="charts"))
