"""Weights in 8 bits: in the file of a model, as floats, and as a network that multiplies 8-bit integers.

A matrix becomes int8 codes and a float32 scale for each column, or for each row where products sum along the row
(`nn.parameters.Declared.contracted`). Biases stay floats. Quantising dequantised weights gives the same codes, so a
network of 8-bit weights is stored as codes and held as floats; see `kernels.reference.quantized`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from seqwright.errors import ModelError
from seqwright.kernels.reference.quantized import QuantizedMatrix, quantize
from seqwright.models.seq2seq import Seq2seq
from seqwright.nn import affine, attention, lstm
from seqwright.nn.parameters import Declared
from seqwright.types import Array

__all__ = ["from_codes", "quantized", "to_codes"]

SCALES = ".scales"


def to_codes(weights: Mapping[str, Array], declared: Mapping[str, Declared]) -> dict[str, npt.NDArray[Any]]:
    """Return int8 codes under the name of each matrix, and their scales (n,) under that and ".scales".

    Biases are unchanged.   ModelError: a weight is not finite.
    """
    stored: dict[str, npt.NDArray[Any]] = {}
    for name, weight in weights.items():
        if not np.isfinite(weight).all():
            raise ModelError(
                f"weight {name} has values that are not finite and cannot be quantised; train the model again"
            )
        if weight.ndim < 2:
            stored[name] = weight
            continue
        codes, scales = quantize(weight, axis=declared[name].contracted)
        stored[name], stored[name + SCALES] = codes, scales.reshape(-1)
    return stored


def from_codes(stored: Mapping[str, npt.NDArray[Any]], declared: Mapping[str, Declared]) -> dict[str, Array]:
    """Return the dequantised weights.   ModelError: a matrix has no scales, or scales of another shape."""
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


def quantized(network: Seq2seq) -> Seq2seq:
    """Return a network for inference in NumPy whose products are those of 8-bit integers.

    It shares the parameters. The products are those that a compiled network has in 8 bits: of LSTM layers, bridges,
    attention and the output layer. Embeddings, the additive score's v and the copy gate stay floats.
    """
    made = Seq2seq.of(network.spec, network.params, None, network.copy_map, network.feature_mask)
    encoder, decoder = made.encoder.weights, made.decoder.weights
    made.encoder.weights = encoder._replace(
        lstm=[[_lstm(p) for p in directions] for directions in encoder.lstm],
        bridge={state: _affine(p) for state, p in encoder.bridge.items()},
    )
    D = network.spec.embedding_size
    conditioned = (D,) if network.spec.conditioning_size else ()
    made.decoder.weights = decoder._replace(
        # The conditioning vector is quantised apart from the embedding, whose products are the rows of a table.
        lstm=[_lstm(p, parts=() if layer else conditioned) for layer, p in enumerate(decoder.lstm)],
        attention=None if decoder.attention is None else _attention(decoder.attention),
        affine=_affine(decoder.affine),
    )
    return made


def _matrix(W: Array, *, parts: tuple[int, ...] = ()) -> Array:
    return cast(Array, QuantizedMatrix(W, parts=parts))  # layers only multiply by it


def _lstm(p: lstm.Params, *, parts: tuple[int, ...] = ()) -> lstm.Params:
    return p._replace(Wx=_matrix(p.Wx, parts=parts), Wh=_matrix(p.Wh))


def _affine(p: affine.Params) -> affine.Params:
    return p._replace(W=_matrix(p.W))


def _attention(p: attention.Params) -> attention.Params:
    score = p.score | {name: _matrix(W) for name, W in p.score.items() if name in ("Wq", "Wk")}
    if "Wa" in score:
        score["Wa.T"] = _matrix(score["Wa"].T)
    return p._replace(score=score, Wc=_matrix(p.Wc))
