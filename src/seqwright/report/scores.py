"""The sections on accuracy by group, on n-best accuracy, and on calibration."""

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
    """Return exact match by source length and by the frequency of the rarest symbol."""
    charts = element(
        "div",
        bar_chart("By length of the source", groups.by_length(items), x_title="tokens"),
        bar_chart("By the source's rarest symbol", groups.by_rarity(items), x_title="occurrences in training"),
        class_="charts",
    )
    return section(
        "strengths",
        "Accuracy",
        element("p", "Share of correct answers, with 95 % confidence intervals."),
        charts,
    )


def oracle(items: Sequence[Item]) -> Section:
    """Return n-best accuracy, the upper bound of reranking."""
    bars = groups.best_of(items)
    first, last = bars[0].value, bars[-1].value
    text = (
        f"The best hypothesis is correct for {first:.1f} % of the sources, one of {len(bars)} hypotheses for "
        f"{last:.1f} %. Reranking them can gain at most {last - first:.1f} points."
    )
    chart = bar_chart("Correct answer among the first n", bars, x_title="n")
    return section("oracle", "N-best accuracy", element("p", text), element("div", chart, class_="charts"))


def confidence(items: Sequence[Item]) -> Section:
    """Return the calibration of sequence probabilities and of mean token probabilities."""
    right = [item.right for item in items]
    whole = calibrate([item.probability for item in items], right)
    a_token = calibrate([math.exp(item.best.score) for item in items], right)
    charts = element(
        "div",
        reliability_chart(f"Probability of the answer, ECE {100 * whole.error:.1f}", whole),
        reliability_chart(f"Mean token probability, exp(score), ECE {100 * a_token.error:.1f}", a_token),
        class_="charts",
    )
    text = (
        "Each dot is a bin of answers with similar probability. Above the diagonal the model is underconfident, below "
        "it overconfident. The expected calibration error (ECE) is the mean distance from the diagonal, in points. "
        "These are uncalibrated probabilities; `seqwright predict --json` gives a calibrated confidence."
    )
    return section("confidence", "Calibration", element("p", text), charts)
