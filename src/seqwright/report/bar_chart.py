"""Bar charts with confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seqwright.report import axes
from seqwright.report.markup import Markup, element, join

__all__ = ["Bar", "bar_chart"]

NARROWEST = 0.28  # minimum gap between bars, as a share of a bar's interval


class Bar(NamedTuple):
    """A share in percent, or a mean from 0 to 100, of n items; low and high bound its 95 % interval."""

    label: str
    value: float
    low: float
    high: float
    n: int


def bar_chart(title: str, bars: Sequence[Bar], *, x_title: str, y_title: str = "correct, %") -> Markup:
    """Return a chart with a bar for each group, from 0 to 100, its interval as a whisker and its value above."""
    unit = " %" if y_title.endswith("%") else ""
    frame = axes.Frame(0, len(bars), 0, 108, bottom=50)
    width = min(44.0, (frame.x(1) - frame.x(0)) * (1 - NARROWEST))
    drawn = []
    for i, bar in enumerate(bars):
        x = frame.x(i + 0.5)
        tooltip = (
            f"{x_title} {bar.label}: {bar.value:.1f}{unit} of {bar.n:,}; "
            f"95 % interval {bar.low:.1f} to {bar.high:.1f}{unit}"
        )
        drawn.append(
            element(
                "g",
                element("title", tooltip),
                element("rect", x=x - width / 2, width=width, y=frame.y(bar.value), class_="bar",
                        height=frame.y(0) - frame.y(bar.value)),
                element("line", x1=x, x2=x, y1=frame.y(bar.low), y2=frame.y(bar.high), class_="whisker"),
                element("text", f"{bar.value:.0f}", x=x, y=frame.y(max(bar.value, bar.high)) - 4, text_anchor="middle",
                        class_="value"),
                element("text", bar.label, x=x, y=axes.HEIGHT - 34, text_anchor="middle"),
                element("text", f"n {bar.n:,}", x=x, y=axes.HEIGHT - 20, text_anchor="middle", class_="axis"),
            )
        )  # fmt: skip
    values = "; ".join(f"{bar.label}: {bar.value:.0f}{unit}" for bar in bars)
    return axes.chart(
        title,
        f"{title}: {values}",
        axes.grid(frame, [0, 25, 50, 75, 100], lambda v: f"{v:g}", y_title=y_title, x_title=x_title),
        join(*drawn),
    )
