"""Weights in 8 bits: as the file of a model holds them, and as floats again.

A matrix becomes int8 codes and a float32 scale for each column, or for each row where products sum along the row
(`nn.parameters.Declared.contracted`). Biases stay floats. What comes back from codes gives the
same codes, so a network of 8-bit weights is a network of floats; see `kernels.reference.codes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from seqwright.errors import ModelError
from seqwright.kernels.reference import codes
from seqwright.nn.parameters import Declared
from seqwright.types import Array

__all__ = ["from_codes", "to_codes"]

SCALES = ".scales"


def to_codes(weights: Mapping[str, Array], declared: Mapping[str, Declared]) -> dict[str, npt.NDArray[Any]]:
    """Return int8 codes under the name of each matrix, and their scales (n,) under that and ".scales".

    Biases stay as they are.
    ModelError: a weight is no finite number.
    """
    stored: dict[str, npt.NDArray[Any]] = {}
    for name, weight in weights.items():
        if not np.isfinite(weight).all():
            raise ModelError(
                f"weight {name} holds numbers that are not finite, and has no codes; train the model again"
            )
        if weight.ndim < 2:
            stored[name] = weight
            continue
        made = codes.quantise(weight, axis=declared[name].contracted)
        stored[name], stored[name + SCALES] = made.codes, made.scales.reshape(-1)
    return stored


def from_codes(stored: Mapping[str, npt.NDArray[Any]], declared: Mapping[str, Declared]) -> dict[str, Array]:
    """Return the floats that `to_codes` rounded to.   ModelError: a matrix lacks scales, or has others than its own."""
    weights: dict[str, Array] = {}
    for name, array in stored.items():
        if name.endswith(SCALES):
            continue
        if array.ndim < 2:
            weights[name] = array
            continue
        scales = stored.get(name + SCALES)
        axis = declared[name].contracted if name in declared else 0
        n = array.shape[1 - axis] if array.ndim == 2 else 0
        if array.dtype != np.int8 or scales is None or scales.shape != (n,) or scales.dtype != np.float32:
            raise ModelError(f"weight {name} has no int8 codes with {n} float32 scales")
        weights[name] = array * np.expand_dims(scales, axis)
    return weights
