"""Cross-validation: the accuracy of a model that is trained on all pairs, from models that are trained on parts.

K models are each trained without one fold, a K-th of the sources, and answer that fold. Their answers are to sources
that they have not seen, one for each source of the data: their share of correct ones estimates the accuracy (Stone
1974, "Cross-Validatory Choice and Assessment of Statistical Predictions"), too low, since each had fewer pairs. The
interval is that of the final model: it allows for the pairs that the others did not have (`interval`). The confidence
of the final model is fitted on the answers to the folds (Platt 1999, section 2.2, fits it in this way).

Each fold is an ordinary training in a directory of its own below the model directory, so that an interrupted one is
continued, and a finished one not repeated.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from seqwright import metrics
from seqwright.config import Config
from seqwright.data import readers, vocabulary
from seqwright.errors import UsageError
from seqwright.inference import calibration
from seqwright.inference.translator import Translator
from seqwright.training import dev_set, events, measure
from seqwright.training.prepare import Prepared

__all__ = ["Fold", "Scores", "Validated", "check", "interval", "of_fold", "validate", "whole"]

LEARNING = 0.6, 0.25  # exponent of the number of pairs in the share of errors, its mean and spread over languages
TRAININGS = 0.2  # variance of the accuracy over trainings on equally many pairs, of that of their counted answers
Z = 1.96  # standard errors on either side of an estimate hold the true value in 95 of 100 cases


class Fold(NamedTuple):
    """A model that was trained without a fold, and the data of that training."""

    model: Translator
    prepared: Prepared


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of the answers to all folds.

    n: sources.   accuracy, ter: in percent.   low, high: of the 95 % interval of the model of all pairs.   folds: the
    accuracy of each.
    """

    n: int
    accuracy: float
    low: float
    high: float
    ter: float
    folds: list[float]


class Validated(NamedTuple):
    """Scores of the folds, and the calibration of the model of all pairs.

    pooled: scores of all answers together.   kept_in: the folder of the models of the folds, if they are kept.
    """

    scores: Scores
    pooled: metrics.Scores
    calibration: calibration.Calibration
    folds: list[Fold]
    kept_in: Path | None = None


def check(dev: readers.Pairs | None, fine_tune: object) -> None:
    """Raise UsageError if a training cannot be cross-validated."""
    if dev is not None:
        raise UsageError("cross-validation takes the place of a dev file; give one of them")
    if fine_tune is not None:
        raise UsageError("a fine-tuning cannot be cross-validated; give a dev file, or have pairs held out")


def of_fold(config: Config, fold: int) -> Config:
    """Return the configuration of the training without a fold, counted from 0."""
    n = config.training.cross_validation
    assert n, "there are folds"
    training = msgspec.structs.replace(
        config.training, cross_validation=0, dev_share=1 / n, dev_fold=fold, patience=None, report=False, log="none"
    )
    return msgspec.structs.replace(config, training=training)


def whole(config: Config) -> Config:
    """Return the configuration of the training on all pairs."""
    return msgspec.structs.replace(config, training=msgspec.structs.replace(config.training, patience=None))


def validate(
    folds: Sequence[Callable[[], Fold]],
    final: Prepared,
    listen: Callable[[events.Event], None],
    *,
    has_auxiliary: bool = False,
) -> Validated:
    """Return the scores of the folds, and the calibration of the final model.

    folds: each trains one model.   has_auxiliary: with auxiliary data, after all of them were trained without.
    """
    found: list[measure.Outcomes] = []
    trained: list[Fold] = []
    for number, train in enumerate(folds, start=1):
        fold = train()
        trained.append(fold)
        found.append(measure.outcomes(fold.model, fold.prepared))
        scores = found[-1].scores
        listen(events.Validated(number, len(folds), scores.n, scores.exact, has_auxiliary))
    right = np.concatenate([one.right for one in found])
    fit = calibration.fit(np.concatenate([one.totals for one in found]).tolist(), right.tolist())
    familiarity, _ = measure.familiar(_without(trained[0].prepared.dev_pairs, final))
    low, high = interval(int(right.sum()), len(right), n_folds=len(folds))
    pooled = metrics.pooled([one.scores for one in found])
    scored = Scores(
        n=pooled.n, accuracy=pooled.exact, low=low, high=high, ter=pooled.ter,
        folds=[one.scores.exact for one in found],
    )  # fmt: skip
    return Validated(scored, pooled, msgspec.structs.replace(fit, familiarity=familiarity), trained)


def interval(n_right: int, n: int, *, n_folds: int) -> tuple[float, float]:
    """Return the 95 % interval of the accuracy of the model of all pairs, in percent, from the answers to the folds.

    The errors fall with a power of the number of pairs (Hestness et al. 2017, "Deep Learning Scaling is Predictable,
    Empirically"), whose exponent is known roughly. The variance is that of the counted answers, of trainings, and of
    the exponent.
    """
    errors = (n - n_right + Z**2 / 2) / (n + Z**2)  # Agresti & Coull 1998
    mean, spread = LEARNING
    shrinkage = (1 - 1 / n_folds) ** mean
    counted = errors * (1 - errors) / (n + Z**2)
    variance = shrinkage**2 * ((1 + TRAININGS) * counted + (errors * math.log(1 - 1 / n_folds) * spread) ** 2)
    center, margin = 1 - errors * shrinkage, Z * math.sqrt(variance)
    low = max(0.0, center - margin) if n_right else 0.0
    return 100 * low, 100 * min(1.0, center + margin) if n_right < n else 100.0


def _without(held_out: Sequence[readers.Pair], final: Prepared) -> Prepared:
    """Return the data of the final training without some pairs, which become its dev set."""
    dev = dev_set.DevSet.of(held_out, final.source, final.target, window=final.limits.window)
    sources, examples = set(map(tuple, dev.sources)), final.examples
    kept = [n for n in range(len(examples)) if (*examples.pair(n)[0], vocabulary.END) not in sources]
    return dataclasses.replace(final, examples=examples.take(kept), dev=dev)
