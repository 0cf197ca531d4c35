"""Reliability diagrams: accuracy over confidence."""

from __future__ import annotations

from seqwright.report import axes
from seqwright.report.calibration import Calibration
from seqwright.report.markup import Markup, element, join

__all__ = ["reliability_chart"]


def reliability_chart(title: str, calibration: Calibration) -> Markup:
    """Return a reliability diagram: a dot for each bin, with an area proportional to its number of items."""
    frame = axes.Frame(0, 100, 0, 104)
    n = sum(b.n for b in calibration.bins)
    dots = [
        element(
            "circle",
            element("title", f"{b.n:,} items: confidence {100 * b.confidence:.1f} %, accuracy {100 * b.right:.1f} %"),
            cx=frame.x(100 * b.confidence), cy=frame.y(100 * b.right), r=2.5 + 9 * (b.n / n) ** 0.5, class_="bubble",
        )
        for b in calibration.bins
    ]  # fmt: skip
    x_labels = [
        element("text", f"{v}", x=frame.x(v), y=axes.HEIGHT - 21, text_anchor="middle") for v in (0, 25, 50, 75, 100)
    ]
    return axes.chart(
        title,
        f"{title}: expected calibration error {100 * calibration.error:.1f} points",
        axes.grid(frame, [0, 25, 50, 75, 100], lambda v: f"{v:g}", y_title="accuracy, %", x_title="confidence, %"),
        join(*x_labels),
        element("line", x1=frame.x(0), y1=frame.y(0), x2=frame.x(100), y2=frame.y(100), class_="ideal"),
        join(*dots),
    )
