"""The sections on where the answers are right, on what a better choice among them would give, and on confidence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seqwright.report import groups
from seqwright.report.bar_chart import bar_chart
from seqwright.report.calibration import calibrate
from seqwright.report.items import Item
from seqwright.report.markup import element
from seqwright.report.page import Section, section
from seqwright.report.reliability_chart import reliability_chart

__all__ = ["confidence", "oracle", "strengths"]


def strengths(items: Sequence[Item]) -> Section:
    """Return the share of right answers by length and by the frequency of the rarest symbol."""
    charts = element(
        "div",
        bar_chart("By length of the source", groups.by_length(items), x_title="tokens"),
        bar_chart("By the source's rarest symbol", groups.by_rarity(items), x_title="times seen in training"),
        class_="charts",
    )
    return section(
        "strengths",
        "Where it is right",
        element("p", "Whiskers hold the true share in 95 of 100 cases: where they are long, there are few items."),
        charts,
    )


def oracle(items: Sequence[Item]) -> Section:
    """Return what the score would be if the best of n answers were always chosen."""
    bars = groups.best_of(items)
    first, last = bars[0].value, bars[-1].value
    says = (
        f"The right answer is first in {first:.1f} % of the cases and among the first {len(bars)} in {last:.1f} %. "
        f"No reordering of these answers can gain more than the difference, {last - first:.1f} points."
    )
    chart = bar_chart("Right answer among the first n", bars, x_title="n")
    return section("oracle", "Best of n", element("p", says), element("div", chart, class_="charts"))


def confidence(items: Sequence[Item]) -> Section:
    """Return how far confidence agrees with being right, for a whole answer and for its mean token."""
    right = [item.right for item in items]
    whole = calibrate([item.probability for item in items], right)
    a_token = calibrate([math.exp(item.best.score) for item in items], right)
    charts = element(
        "div",
        reliability_chart(f"Probability of the whole answer, ECE {100 * whole.error:.1f}", whole),
        reliability_chart(f"exp(score), the mean of a token, ECE {100 * a_token.error:.1f}", a_token),
        class_="charts",
    )
    says = (
        "Each dot is a tenth of the scale with its items. Above the line, the model is better than it says; below, "
        "it is too sure. The expected calibration error (ECE) is the mean distance from the line, in points."
    )
    return section("confidence", "Confidence", element("p", says), charts)
