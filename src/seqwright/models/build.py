"""Build a network from a `ModelSpec`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from seqwright.models import initial, weights
from seqwright.models.seq2seq import Seq2seq
from seqwright.models.spec import ModelSpec
from seqwright.nn.parameters import Parameters
from seqwright.types import Array, Ids

__all__ = ["build"]


def build(
    spec: ModelSpec,
    rng: np.random.Generator | None = None,
    *,
    copy_map: Sequence[int] | Ids | None = None,
    feature_mask: Sequence[bool] | None = None,
    arrays: Mapping[str, Array] | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> Seq2seq:
    """Build a network.

    Parameters
    ----------
    spec : ModelSpec
        Sizes and options.
    rng : numpy.random.Generator, optional
        Draws the initial values.
    copy_map, feature_mask : sequence, shape (V,), optional
        As for `Seq2seq`; see `Vocabulary.copy_map` and `Vocabulary.feature_mask`. Required with `copying` and
        `sum_features`, ignored otherwise.
    arrays : mapping of str to ndarray, optional
        The weights by name, used without a copy. The network has no gradients and cannot be trained.
    dtype : dtype, default float32
        Of initial values; float64 to check gradients.

    Returns
    -------
    Seq2seq

    Raises
    ------
    ConfigError
        The copy map or the mask is missing or of another size.
    ModelError
        An array is missing, unexpected, or its shape differs from the spec's.
    """
    declared = Seq2seq.declared(spec)
    if arrays is None:
        params = initial.drawn(declared, spec.initial_values, rng, dtype)
        return Seq2seq.of(spec, params, params.like(), copy_map, feature_mask)
    weights.check(spec, arrays)
    return Seq2seq.of(spec, Parameters.around(declared, arrays), None, copy_map, feature_mask)
