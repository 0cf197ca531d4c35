"""The section on how training went."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from seqwright.report.history import Measurement
from seqwright.report.line_chart import Point, line_chart
from seqwright.report.markup import Markup, element
from seqwright.report.page import Section, section

__all__ = ["learning"]


def learning(members: Sequence[Sequence[Measurement]]) -> Section:
    """Return accuracy and loss over the epochs.   members: the measurements of each, one for a single model.

    Where sentences were measured, chrF and dev loss take the place of accuracy.
    """
    if not members:
        return section("learning", "Learning", element("p", "There is no record of the training in this directory."))
    charts = [line_chart("Training loss", lines(members, lambda m: m.loss, lambda m: f"{m.loss:.4f} nats"),
                         x_title="epoch", y_title="nats a symbol")]  # fmt: skip
    if any(m.dev_loss is not None for member in members for m in member):
        charts = [*of_sentences(members), *charts]
    else:
        charts.insert(0, line_chart("Right answers on dev", lines(members, lambda m: m.dev_accuracy, dev),
                                    x_title="epoch", y_title="exact match, %", least=0))  # fmt: skip
    best = [member[kept(member)] for member in members]
    if len(members) == 1:
        says = (
            f"The model that was kept is that of epoch {best[0].epoch:.4g}, measured greedily on dev: {dev(best[0])}."
        )
    else:
        each = ", ".join(map(dev, best)) if best[0].dev_loss is not None else percentages(best)
        says = f"Each line is one of {len(members)} members. At their best they had {each} by themselves."
    return section("learning", "Learning", element("p", says), element("div", *charts, class_="charts"))


def of_sentences(members: Sequence[Sequence[Measurement]]) -> list[Markup]:
    """Return the charts of chrF, as far as it was measured, and of the loss on dev."""
    charts = []
    for title, y_title, value, least in (
        ("chrF on dev", "chrF", lambda m: m.dev_chrf, 0),
        ("Loss on dev", "nats a symbol", lambda m: m.dev_loss, None),
    ):
        drawn = lines(members, value, dev)
        if any(drawn):
            charts.append(line_chart(title, [line for line in drawn if line], x_title="epoch", y_title=y_title,
                                     least=least))  # fmt: skip
    return charts


def percentages(best: Sequence[Measurement]) -> str:
    return ", ".join(f"{m.dev_accuracy:.1f}" for m in best) + " % right"


def kept(member: Sequence[Measurement]) -> int:
    """Return which measurement is of the weights that were kept."""
    return max((i for i, m in enumerate(member) if m.best), default=len(member) - 1)


def dev(m: Measurement) -> str:
    """Return the dev scores of a measurement, those of sentences where they are known."""
    if m.dev_loss is None:
        return f"{m.dev_accuracy:.1f} % right, TER {m.dev_ter:.2f} %"
    loss = f"loss {m.dev_loss:.3f} nats, perplexity {math.exp(min(m.dev_loss, 700)):.3g}"
    known = [f"{name} {value:.1f}" for name, value in (("BLEU", m.dev_bleu), ("chrF", m.dev_chrf)) if value is not None]
    return ", ".join([*known, loss])


def lines(
    members: Sequence[Sequence[Measurement]],
    value: Callable[[Measurement], float | None],
    says: Callable[[Measurement], str],
) -> list[list[Point]]:
    """Return the points of each member where the value was measured; that of the kept weights is marked."""
    return [
        [
            Point(m.epoch, y, f"epoch {m.epoch:.4g}: {says(m)}", i == kept(member))
            for i, m in enumerate(member)
            if (y := value(m)) is not None
        ]
        for member in members
    ]
