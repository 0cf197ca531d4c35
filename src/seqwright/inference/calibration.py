"""Calibration: from the log-probability of an answer to the probability that it is correct."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np

from seqwright.inference.familiarity import Familiarity
from seqwright.types import Array

__all__ = ["Calibration", "expected_calibration_error", "fit"]

Finite = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """confidence = σ(slope · log P + intercept), where log P is the total of an answer (Platt 1999).

    n: answers to dev sources; where familiarity is given, it was fitted on those to the usual ones.   ece: its expected
    calibration error on these, in [0, 1].   familiarity: what lowers it for unusual sources; None: nothing does.
    """

    slope: Finite
    intercept: Finite
    n: int
    ece: float
    familiarity: Familiarity | None = None

    def confidence(self, log_probs: Sequence[float]) -> float:
        """Return the probability that the answer with these log-probabilities is correct."""
        return float(sigmoid(np.array(self.slope * max(sum(log_probs), -1e9) + self.intercept)))


def fit(totals: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Fit a calibration to answers with these total log-probabilities, of which some are correct.

    Newton's method on the cross-entropy, with the targets of Platt 1999 ("Probabilistic Outputs for Support Vector
    Machines"), which are smoothed by one more answer of each kind, so that the slope is finite where all are correct.
    """
    assert len(totals) == len(right) > 0, f"{len(totals)} answers, {len(right)} judgements"
    x = np.stack([np.maximum(totals, -1e3), np.ones(len(totals))])  # (2, n)
    n_right = int(np.sum(right))
    t = np.where(right, (n_right + 1) / (n_right + 2), 1 / (len(right) - n_right + 2))
    w = np.zeros(2)

    def loss(w: Array) -> float:
        z = w @ x
        return float(np.sum(np.logaddexp(0, z) - t * z))

    for _ in range(100):
        p = sigmoid(w @ x)
        gradient = x @ (p - t)
        hessian = (x * (p * (1 - p))) @ x.T + 1e-9 * np.eye(2)  # singular where all totals are equal
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while loss(w - size * step) > loss(w) and size > 1e-10:
            size /= 2
        w = w - size * step
        if np.abs(size * step).max() < 1e-9:
            break
    ece = expected_calibration_error(sigmoid(w @ x).tolist(), right)
    return Calibration(slope=float(w[0]), intercept=float(w[1]), n=len(right), ece=ece)


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], *, n_bins: int = 10) -> float:
    """Return the mean absolute difference of confidence and accuracy over bins of equal width.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    c, r = np.array(confidences, np.float64), np.array(right, np.float64)
    bins = np.minimum((c * n_bins).astype(int), n_bins - 1)
    gaps = [abs(c[bins == i].sum() - r[bins == i].sum()) for i in range(n_bins)]
    return float(sum(gaps) / max(len(c), 1))


def sigmoid(z: Array) -> Array:
    p: Array = np.exp(-np.logaddexp(0, -z))
    return p
