"""The sections of single items: the worst, the least certain, and the attention weights of some."""

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
LONGEST = 14  # tokens a side that a phone has room for; where all items are longer, the shortest are drawn


def worst(items: Sequence[Item], format_: Splitter) -> Section:
    """Return the items whose answer is farthest from any right one, the surest first among equals."""
    wrong = [item for item in items if not item.right]
    if not wrong:
        return section("worst", "Farthest off", element("p", "Every answer is right."))
    far = sorted(wrong, key=lambda item: (-item.edits / max(1, len(item.expected)), -item.probability))
    says = (
        f"Of {len(wrong):,} wrong answers, those with the most edits for their length. What is wrong is marked; "
        "a score is the mean log-probability of a token."
    )
    return section("worst", "Farthest off", element("p", says), listed(far[:N_ITEMS], format_, "Farthest off"))


def uncertain(items: Sequence[Item], format_: Splitter) -> Section:
    """Return the items to whose answer the model gives the least probability, right or wrong."""
    unsure = sorted(items, key=lambda item: item.probability)[:N_ITEMS]
    n_right = sum(item.right for item in unsure)
    says = f"The answers that the model itself trusts least; {n_right} of these {len(unsure)} are right all the same."
    return section("uncertain", "Least certain", element("p", says), listed(unsure, format_, "Least certain"))


def listed(items: Sequence[Item], format_: Splitter, name: str) -> Markup:
    rows = [
        [answers.asked(item), answers.references(item), answers.n_best(item, format_), f"{item.edits:,}"]
        for item in items
    ]
    return table(["asked", "right", "answered", "edits"], rows, numbers=[3], name=name, stacked=True)


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
    says = "Each row is a token of the answer, each column one of the source; the shade is the attention weight."
    maps = element("div", *map(alignment, chosen), class_="maps")
    return section("attention", "Attention weights", element("p", says), maps)


def size(item: Item) -> int:
    return max(len(item.source_tokens), len(item.best.tokens))


def alignment(item: Item) -> Markup:
    assert item.best.alignment is not None, "only items with an alignment are drawn"
    end = element("span", "end", class_="nothing")
    rows, columns = [*item.best.tokens, end], [*(token.removeprefix("feature ") for token in item.source_tokens), end]
    weights = item.best.alignment[: len(rows), : len(columns)]  # without the padding of the batch it was answered in

    def says(i: int, j: int) -> str:
        said = item.best.tokens[i] if i < len(item.best.tokens) else "the end"
        source = item.source_tokens[j] if j < len(item.source_tokens) else "the end"
        return f"{said} attends to {source}: {100 * weights[i, j]:.0f} %"

    verdict = element("span", " right" if item.right else " wrong", class_="soft")
    caption = join(answers.asked(item), verdict)
    return heat_map(rows, columns, weights.tolist(), says=says, caption=caption)
