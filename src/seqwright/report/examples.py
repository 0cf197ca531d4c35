"""The sections on single items: largest errors, least confident answers, and attention weights."""

from __future__ import annotations

from collections.abc import Sequence

from seqwright.data.text import Splitter
from seqwright.report import answers
from seqwright.report.heat_map import heat_map
from seqwright.report.items import Item
from seqwright.report.markup import Markup, element, join
from seqwright.report.page import Section, section, table

__all__ = ["attention", "uncertain", "worst"]

N_ITEMS = 12
N_MAPS = 4
LONGEST = 14  # tokens a side that fit on a phone; if all items are longer, those with the fewest tokens are drawn


def worst(items: Sequence[Item], format_: Splitter) -> Section:
    """Return the answers with the highest error rate, ties by probability."""
    wrong = [item for item in items if not item.right]
    if not wrong:
        return section("worst", "Largest errors", element("p", "All answers are correct."))
    far = sorted(wrong, key=lambda item: (-item.edits / max(1, len(item.expected)), -item.probability))
    text = (
        f"Of {len(wrong):,} wrong answers, those with the most edits per token of the reference. Differences are "
        "highlighted; scores are mean log-probabilities per token."
    )
    return section("worst", "Largest errors", element("p", text), listed(far[:N_ITEMS], format_, "Largest errors"))


def uncertain(items: Sequence[Item], format_: Splitter) -> Section:
    """Return the answers with the lowest probabilities, correct or not."""
    unsure = sorted(items, key=lambda item: item.probability)[:N_ITEMS]
    n_right = sum(item.right for item in unsure)
    text = f"The answers with the lowest probabilities under the model; {n_right} of these {len(unsure)} are correct."
    return section("uncertain", "Least confident", element("p", text), listed(unsure, format_, "Least confident"))


def listed(items: Sequence[Item], format_: Splitter, name: str) -> Markup:
    rows = [
        [answers.source(item), answers.references(item), answers.n_best(item, format_), f"{item.edits:,}"]
        for item in items
    ]
    return table(["source", "reference", "answers", "edits"], rows, numbers=[3], name=name, stacked=True)


def attention(items: Sequence[Item]) -> Section | None:
    """Return the attention weights of the answers to some items; None for a model without attention."""
    able = sorted((item for item in items if item.best.alignment is not None and item.best.tokens), key=size)
    able = [item for item in able if size(item) <= LONGEST] or able[:N_MAPS]
    if not able:
        return None
    wrong = sorted((item for item in able if not item.right), key=lambda item: -item.edits)
    right = sorted((item for item in able if item.right), key=lambda item: -len(item.source_tokens))
    n_wrong = min(len(wrong), max(N_MAPS // 2, N_MAPS - len(right)))
    chosen = [*right[: N_MAPS - n_wrong], *wrong[:n_wrong]]
    text = "Rows are tokens of the answer, columns tokens of the source; the shade is the attention weight."
    maps = element("div", *map(alignment, chosen), class_="maps")
    return section("attention", "Attention weights", element("p", text), maps)


def size(item: Item) -> int:
    return max(len(item.source_tokens), len(item.best.tokens))


def alignment(item: Item) -> Markup:
    assert item.best.alignment is not None, "only items with an alignment are drawn"
    end = element("span", "end", class_="nothing")
    rows, columns = [*item.best.tokens, end], [*(token.removeprefix("feature ") for token in item.source_tokens), end]
    weights = item.best.alignment[: len(rows), : len(columns)]  # without the padding of its batch

    def tooltip(i: int, j: int) -> str:
        predicted = item.best.tokens[i] if i < len(item.best.tokens) else "the end"
        source = item.source_tokens[j] if j < len(item.source_tokens) else "the end"
        return f"{predicted} attends to {source}: {100 * weights[i, j]:.0f} %"

    verdict = element("span", " correct" if item.right else " wrong", class_="soft")
    caption = join(answers.source(item), verdict)
    return heat_map(rows, columns, weights.tolist(), tooltip=tooltip, caption=caption)
