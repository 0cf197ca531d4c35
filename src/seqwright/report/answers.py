"""How an item's texts are written in tables: what is wrong in an answer is marked."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seqwright.data.text import TextFormat
from seqwright.report.edits import differing
from seqwright.report.items import Item
from seqwright.report.markup import Markup, data, element, join
from seqwright.translator import Hypothesis

__all__ = ["asked", "marked", "n_best", "references"]


def asked(item: Item) -> Markup:
    """Return the source, with its features."""
    features = element("span", " ", data(item.features), class_="soft") if item.features else None
    return join(data(item.source), features)


def references(item: Item) -> Markup:
    """Return the right answers."""
    parts = [
        part for reference in item.references for part in (element("span", " or ", class_="soft"), data(reference))
    ]
    return join(*parts[1:])


def marked(expected: Sequence[str], said: Sequence[str], format_: TextFormat) -> Markup:
    """Return an answer in which everything that differs from what is right is marked."""
    space = " " if format_.join(["a", "b"]) == "a b" else ""
    parts: list[Markup | str] = []
    for differs, tokens in differing(expected, said):
        text = format_.join(tokens)
        if parts and text:
            parts.append(space)
        if differs:
            parts.append(
                element("mark", text) if text else element("mark", class_="gap", title="something is left out")
            )
        elif text:
            parts.append(text)
    return element("bdi", *parts) if said else data("")


def n_best(item: Item, format_: TextFormat, *, most: int = 5) -> Markup:
    """Return the answers, best first, with the score of each; a right one stands out."""
    return element("ol", *(answer(item, h, i, format_) for i, h in enumerate(item.hypotheses[:most])), class_="answers")


def answer(item: Item, hypothesis: Hypothesis, place: int, format_: TextFormat) -> Markup:
    right = place == item.right_at
    shown = data(hypothesis.text) if right or place else marked(item.expected, hypothesis.tokens, format_)
    probability = 100 * math.exp(sum(hypothesis.log_probs))
    return element(
        "li",
        element("span", shown),
        element("span", f"{hypothesis.score:.3f}", class_="number",
                title=f"probability {probability:.2g} %"),
        class_="right" if right else None,
    )  # fmt: skip
