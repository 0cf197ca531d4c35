"""The frame of every chart: scales, grid lines and labels.

A unit of a chart is about one pixel at the width of a phone, so that text is readable there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from seqwright.report.markup import Child, Markup, element, join

__all__ = ["HEIGHT", "WIDTH", "Frame", "chart", "grid", "ticks"]

WIDTH, HEIGHT = 360, 230
LEFT, RIGHT, TOP = 44, 12, 20


class Frame(NamedTuple):
    """Maps values to coordinates; the domain is (x_low, x_high) and (y_low, y_high)."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    bottom: int = 38  # margin for labels and the title of the x axis

    def x(self, value: float) -> float:
        """Return the x coordinate of a value."""
        return LEFT + (value - self.x_low) / ((self.x_high - self.x_low) or 1) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return the y coordinate of a value."""
        return (
            HEIGHT
            - self.bottom
            - (value - self.y_low) / ((self.y_high - self.y_low) or 1) * (HEIGHT - TOP - self.bottom)
        )


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Return about `about` round values from low to high, in steps of 1, 2 or 5 times a power of ten."""
    span = (high - low) or abs(high) or 1.0
    power = 10 ** math.floor(math.log10(span / about))
    step = next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= about)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def grid(
    frame: Frame, y_ticks: Sequence[float], label: Callable[[float], str], *, y_title: str, x_title: str
) -> Markup:
    """Return the horizontal grid lines with their labels, and the titles of the axes."""
    lines = [
        join(
            element("line", x1=float(LEFT), x2=float(WIDTH - RIGHT), y1=frame.y(v), y2=frame.y(v), class_="grid"),
            element("text", label(v), x=float(LEFT - 6), y=frame.y(v) + 4, text_anchor="end"),
        )
        for v in y_ticks
    ]
    titles = [
        element("text", y_title, x=0, y=9, class_="axis"),
        element("text", x_title, x=WIDTH - RIGHT, y=HEIGHT - 4, text_anchor="end", class_="axis"),
    ]
    return join(*lines, *titles)


def chart(title: str, description: str, *parts: Child) -> Markup:
    """Return a figure with its title above it.   description: text for screen readers."""
    drawing = element("svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=description)
    return element("figure", element("figcaption", title), drawing, class_="chart")
