"""Whether the model is as often right as it says."""

from __future__ import annotations

from seqwright.report import axes
from seqwright.report.calibration import Calibration
from seqwright.report.markup import Markup, element, join

__all__ = ["reliability_chart"]


def reliability_chart(title: str, calibration: Calibration) -> Markup:
    """Return the share of right answers over the confidence; on the diagonal, both are the same.

    A dot is a bin; its area goes with the number of items.
    """
    frame = axes.Frame(0, 100, 0, 104)
    n = sum(b.n for b in calibration.bins)
    dots = [
        element(
            "circle",
            element("title", f"{b.n:,} items: says {100 * b.confidence:.1f} %, is right {100 * b.right:.1f} %"),
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
        axes.grid(frame, [0, 25, 50, 75, 100], lambda v: f"{v:g}", y_title="right, %", x_title="confidence, %"),
        join(*x_labels),
        element("line", x1=frame.x(0), y1=frame.y(0), x2=frame.x(100), y2=frame.y(100), class_="ideal"),
        join(*dots),
    )
