"""The section on how training went."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seqwright.report.history import Measurement
from seqwright.report.line_chart import Point, line_chart
from seqwright.report.markup import element
from seqwright.report.page import Section, section

__all__ = ["learning"]


def learning(members: Sequence[Sequence[Measurement]]) -> Section:
    """Return accuracy and loss over the epochs.   members: the measurements of each, one for a single model."""
    if not members:
        return section("learning", "Learning", element("p", "There is no record of the training in this directory."))
    charts = element(
        "div",
        line_chart("Right answers on dev", lines(members, lambda m: m.dev_accuracy, dev), x_title="epoch",
                   y_title="exact match, %", least=0),
        line_chart("Training loss", lines(members, lambda m: m.loss, lambda m: f"{m.loss:.4f} nats"), x_title="epoch",
                   y_title="nats a symbol"),
        class_="charts",
    )  # fmt: skip
    best = [member[kept(member)] for member in members]
    if len(members) == 1:
        says = (
            f"The model that was kept is that of epoch {best[0].epoch:.4g}, measured greedily on dev: {dev(best[0])}."
        )
    else:
        each = ", ".join(f"{m.dev_accuracy:.1f}" for m in best)
        says = f"Each line is one of {len(members)} members. At their best they had {each} % right by themselves."
    return section("learning", "Learning", element("p", says), charts)


def kept(member: Sequence[Measurement]) -> int:
    """Return which measurement is of the weights that were kept."""
    return max((i for i, m in enumerate(member) if m.best), default=len(member) - 1)


def dev(m: Measurement) -> str:
    return f"{m.dev_accuracy:.1f} % right, TER {m.dev_ter:.2f} %"


def lines(
    members: Sequence[Sequence[Measurement]],
    value: Callable[[Measurement], float],
    says: Callable[[Measurement], str],
) -> list[list[Point]]:
    return [
        [Point(m.epoch, value(m), f"epoch {m.epoch:.4g}: {says(m)}", i == kept(member)) for i, m in enumerate(member)]
        for member in members
    ]
