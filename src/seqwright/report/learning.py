"""The section with the learning curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from seqwright.report.history import Measurement
from seqwright.report.line_chart import Point, line_chart
from seqwright.report.markup import Markup, element
from seqwright.report.page import Section, section

__all__ = ["learning"]


def learning(members: Sequence[Sequence[Measurement]]) -> Section:
    """Return the curves of dev score and training loss.   members: measurements of each; one for a single model.

    The dev scores are chrF and dev loss for sentences, exact match otherwise.
    """
    if not members:
        return section("learning", "Learning curves", element("p", "This directory has no training log."))
    charts = [line_chart("Training loss", lines(members, lambda m: m.loss, lambda m: f"{m.loss:.4f} nats"),
                         x_title="epoch", y_title="nats per symbol")]  # fmt: skip
    if any(m.dev_loss is not None for member in members for m in member):
        charts = [*of_sentences(members), *charts]
    else:
        charts.insert(0, line_chart("Exact match on dev", lines(members, lambda m: m.dev_accuracy, dev),
                                    x_title="epoch", y_title="exact match, %", least=0))  # fmt: skip
    best = [member[kept(member)] for member in members]
    if len(members) == 1:
        text = f"The selected weights are those of epoch {best[0].epoch:.4g}; on dev, greedily: {dev(best[0])}."
    else:
        each = ", ".join(map(dev, best)) if best[0].dev_loss is not None else percentages(best)
        text = f"Each line is one of {len(members)} members. Best dev scores of the members: {each}."
    return section("learning", "Learning curves", element("p", text), element("div", *charts, class_="charts"))


def of_sentences(members: Sequence[Sequence[Measurement]]) -> list[Markup]:
    """Return the charts of chrF, where it was measured, and of dev loss."""
    charts = []
    for title, y_title, value, least in (
        ("chrF on dev", "chrF", lambda m: m.dev_chrf, 0),
        ("Loss on dev", "nats per symbol", lambda m: m.dev_loss, None),
    ):
        drawn = lines(members, value, dev)
        if any(drawn):
            charts.append(line_chart(title, [line for line in drawn if line], x_title="epoch", y_title=y_title,
                                     least=least))  # fmt: skip
    return charts


def percentages(best: Sequence[Measurement]) -> str:
    return "exact match " + ", ".join(f"{m.dev_accuracy:.1f}" for m in best) + " %"


def kept(member: Sequence[Measurement]) -> int:
    """Return the index of the measurement of the selected weights."""
    return max((i for i, m in enumerate(member) if m.best), default=len(member) - 1)


def dev(m: Measurement) -> str:
    """Return the dev scores of a measurement."""
    if m.dev_loss is None:
        return f"exact match {m.dev_accuracy:.1f} %, TER {m.dev_ter:.2f} %"
    loss = f"loss {m.dev_loss:.3f} nats, perplexity {math.exp(min(m.dev_loss, 700)):.3g}"
    known = [f"{name} {value:.1f}" for name, value in (("BLEU", m.dev_bleu), ("chrF", m.dev_chrf)) if value is not None]
    return ", ".join([*known, loss])


def lines(
    members: Sequence[Sequence[Measurement]],
    value: Callable[[Measurement], float | None],
    tooltip: Callable[[Measurement], str],
) -> list[list[Point]]:
    """Return the points of each member where the value was measured; that of the selected weights is marked."""
    return [
        [
            Point(m.epoch, y, f"epoch {m.epoch:.4g}: {tooltip(m)}", i == kept(member))
            for i, m in enumerate(member)
            if (y := value(m)) is not None
        ]
        for member in members
    ]
