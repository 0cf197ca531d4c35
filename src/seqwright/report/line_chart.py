"""Line charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seqwright.report import axes
from seqwright.report.markup import Markup, element, join

__all__ = ["Point", "line_chart"]

DOTTED = 40  # points; the dots of more would hide the line


class Point(NamedTuple):
    """A point and its tooltip."""

    x: float
    y: float
    tooltip: str
    marked: bool = False


def line_chart(
    title: str, lines: Sequence[Sequence[Point]], *, x_title: str, y_title: str, least: float | None = None
) -> Markup:
    """Return a chart with a line through each list of points; marked points are larger.

    least: upper bound of the start of the y axis. All lines have the same colour; tooltips identify their points.
    """
    points = [point for line in lines for point in line]
    values = [point.y for point in points]
    low = min(values) if least is None else min(least, *values)
    high = max(values)
    room = 0.08 * ((high - low) or 1)
    frame = axes.Frame(
        min(p.x for p in points), max(p.x for p in points), low if least is not None else low - room, high + room
    )
    x_labels = [
        element("text", f"{v:g}", x=frame.x(v), y=axes.HEIGHT - 21, text_anchor="middle")
        for v in axes.ticks(frame.x_low, frame.x_high, about=6)
    ]
    return axes.chart(
        title,
        f"{title}: from {values[0]:.3g} to {values[-1]:.3g} in {len(points)} measurements",
        axes.grid(frame, axes.ticks(frame.y_low, frame.y_high), lambda v: f"{v:g}", y_title=y_title, x_title=x_title),
        join(*x_labels),
        *(drawn(line, frame) for line in lines),
    )


def drawn(line: Sequence[Point], frame: axes.Frame) -> Markup:
    path = " ".join(f"{'L' if i else 'M'}{frame.x(p.x):.1f} {frame.y(p.y):.1f}" for i, p in enumerate(line))
    dots = [
        element("circle", element("title", p.tooltip), cx=frame.x(p.x), cy=frame.y(p.y), r=radius(p, len(line)),
                class_="dot best" if p.marked else "dot")
        for p in line
    ]  # fmt: skip
    return element("g", element("path", d=path, class_="line"), *dots)


def radius(point: Point, n: int) -> float:
    if point.marked:
        return 4.5
    return 2.5 if n <= DOTTED else 1.2
