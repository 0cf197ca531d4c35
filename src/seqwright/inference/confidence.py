"""The confidence of answers: calibrated probabilities, lowered for sources unlike those of training."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from seqwright.bundle import Bundle
from seqwright.data import text, vocabulary
from seqwright.errors import ModelError
from seqwright.inference.calibration import Calibration
from seqwright.inference.reading import Reading

__all__ = ["Confidence"]


class Confidence:
    """The calibration that a model's manifest holds, if any.   ModelError: it is damaged."""

    def __init__(self, bundle: Bundle) -> None:
        self._vocabulary = bundle.source.vocabulary
        self.calibration: Calibration | None = None
        self._table = None
        if "calibration" not in bundle.manifest:
            return
        try:
            self.calibration = msgspec.convert(bundle.manifest["calibration"], Calibration)
            if self.calibration.familiarity:
                self._table = self.calibration.familiarity.table()
        except (msgspec.ValidationError, ValueError) as error:
            raise ModelError(f"manifest.json: damaged (calibration: {error}); restore it from a copy") from None

    def __bool__(self) -> bool:
        return self.calibration is not None

    def factors(self, readings: Sequence[Reading]) -> list[float]:
        """Return for each source the factor in [0, 1] by which its answer's confidence is multiplied."""
        familiarity = self.calibration.familiarity if self.calibration else None
        if familiarity is None or self._table is None or not readings:
            return [1.0] * len(readings)
        ids = [[*self._vocabulary.encode(one.tokens), vocabulary.END] for one in readings]
        n_features = np.array([sum(map(text.is_feature, one.unknown)) for one in readings], np.int32)
        lengths = np.array([len(some) - 1 for some in ids], np.int32)
        return [float(factor) for factor in familiarity.usual(self._table.surprises(ids), lengths, n_features)]

    def of(self, log_probs: Sequence[float], factor: float) -> float | None:
        """Return the probability that an answer is right; None without a calibration."""
        return factor * self.calibration.confidence(log_probs) if self.calibration else None
