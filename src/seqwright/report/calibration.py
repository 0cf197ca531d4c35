"""Calibration of confidences: reliability bins and expected calibration error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["Bin", "Calibration", "calibrate"]

BINS = 10


class Bin(NamedTuple):
    """Items of similar confidence: their number, mean confidence, and share of correct answers (0 to 1)."""

    n: int
    confidence: float
    right: float


class Calibration(NamedTuple):
    """The bins with items, and the expected calibration error: mean of |right - confidence| over items."""

    bins: list[Bin]
    error: float


def calibrate(confidences: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Return the calibration in ten bins of equal width.   confidences: from 0 to 1.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", equations 1 to 3.
    """
    p, correct = np.array(confidences, np.float64), np.array(right, np.float64)
    index = np.minimum((p * BINS).astype(int), BINS - 1)
    bins = [
        Bin(int(inside.sum()), float(p[inside].mean()), float(correct[inside].mean()))
        for inside in (index == i for i in range(BINS))
        if inside.any()
    ]
    return Calibration(bins, sum(b.n * abs(b.right - b.confidence) for b in bins) / max(1, len(p)))
