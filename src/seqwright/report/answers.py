"""Table cells with the texts of an item; differences from the reference are highlighted in answers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seqwright.data.text import Splitter
from seqwright.inference.translator import Hypothesis
from seqwright.report.edits import differing
from seqwright.report.items import Item
from seqwright.report.markup import Markup, data, element, join

__all__ = ["marked", "n_best", "references", "source"]

MOST_MARKS = 6  # in an answer; more of them are not readable


def source(item: Item) -> Markup:
    """Return the source with its features."""
    features = element("span", " ", data(item.features), class_="soft") if item.features else None
    return join(data(item.source), features)


def references(item: Item) -> Markup:
    """Return the references."""
    parts = [
        part for reference in item.references for part in (element("span", " or ", class_="soft"), data(reference))
    ]
    return join(*parts[1:])


def marked(expected: Sequence[str], predicted: Sequence[str], format_: Splitter) -> Markup:
    """Return an answer with its differences from the reference highlighted, unless there are too many."""
    stretches = differing(expected, predicted)
    if sum(differs for differs, _ in stretches) > MOST_MARKS:
        return data(format_.join(predicted))
    parts: list[Markup | str] = []
    last: str | None = None
    for differs, tokens in stretches:
        if tokens:
            parts.append(between(last, tokens[0], format_))
            last = tokens[-1]
        text = format_.join(tokens)
        if not differs:
            parts.append(text)
        else:
            parts.append(element("mark", text) if text else element("mark", class_="gap", title="omission"))
    return element("bdi", *parts) if predicted else data("")


def between(last: str | None, token: str, format_: Splitter) -> str:
    """Return the space that `format_.join` puts between two tokens."""
    if last is None or format_.join([token]).startswith(" "):
        return ""
    return " " if format_.join([last, token]).startswith(format_.join([last]) + " ") else ""


def n_best(item: Item, format_: Splitter, *, most: int = 5) -> Markup:
    """Return the hypotheses, best first, with their scores; a correct one is highlighted."""
    return element("ol", *(answer(item, h, i, format_) for i, h in enumerate(item.hypotheses[:most])), class_="answers")


def answer(item: Item, hypothesis: Hypothesis, place: int, format_: Splitter) -> Markup:
    right = place == item.right_at
    shown = data(hypothesis.text) if right or place else marked(item.expected, hypothesis.tokens, format_)
    probability = 100 * math.exp(sum(hypothesis.log_probs))
    return element(
        "li",
        element("span", shown),
        element("span", f"{hypothesis.score:.3f}".replace("-", "−"), class_="number",
                title=f"probability {probability:.2g} %"),
        class_="right" if right else None,
    )  # fmt: skip
