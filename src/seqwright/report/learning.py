"""The section on how training went."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seqwright.report.history import Measurement
from seqwright.report.line_chart import Point, line_chart
from seqwright.report.markup import element
from seqwright.report.page import Section, section

__all__ = ["learning"]


def learning(found: Sequence[Measurement]) -> Section:
    """Return accuracy and loss over the epochs."""
    if not found:
        return section("learning", "Learning", element("p", "There is no record of the training in this directory."))
    kept = max((i for i, m in enumerate(found) if m.best), default=len(found) - 1)

    def dev(m: Measurement) -> str:
        return f"{m.dev_accuracy:.1f} % right, TER {m.dev_ter:.2f} %"

    def points(value: Callable[[Measurement], float], says: Callable[[Measurement], str]) -> list[Point]:
        return [Point(m.epoch, value(m), f"epoch {m.epoch:.4g}: {says(m)}", i == kept) for i, m in enumerate(found)]

    best = found[kept]
    charts = element(
        "div",
        line_chart("Right answers on dev", points(lambda m: m.dev_accuracy, dev), x_title="epoch",
                   y_title="exact match, %", least=0),
        line_chart("Training loss", points(lambda m: m.loss, lambda m: f"{m.loss:.4f} nats"), x_title="epoch",
                   y_title="nats a symbol"),
        class_="charts",
    )  # fmt: skip
    says = f"The model that was kept is that of epoch {best.epoch:.4g}, measured greedily on dev: {dev(best)}."
    return section("learning", "Learning", element("p", says), charts)
