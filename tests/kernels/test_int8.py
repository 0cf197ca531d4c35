"""Products of 8-bit codes: what quantising keeps, and a compiled encoder in 8 bits against one in NumPy."""

from typing import Any

import kernel_cases
import network_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from kernel_cases import INSTRUCTION_SETS
from network_cases import OPTIONS, native, network

from seqwright.kernels.reference import codes
from seqwright.kernels.reference.lstm import activate_, steps
from seqwright.models import Seq2seq
from seqwright.nn import lstm

# Codes are rounded: where two computations differ in the last bit of what is rounded, a code differs by 1 of 127.
CLOSE = 0.02

matrices = arrays_of.arrays(
    np.float32,
    arrays_of.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(-(2.0**99), 2.0**99, width=32),
)


@given(matrices)
def test_what_was_quantised_and_restored_has_the_same_codes(x: np.ndarray) -> None:
    first = codes.quantise(x, axis=0)
    again = codes.quantise(first.codes * first.scales, axis=0)
    np.testing.assert_array_equal(again.codes, first.codes)


@given(matrices)
def test_a_code_is_off_by_half_a_scale_at_most(x: np.ndarray) -> None:
    rounded = codes.quantise(x, axis=1)
    error = np.abs(rounded.codes * rounded.scales.astype(np.float64) - x)
    assert (error <= 0.5001 * rounded.scales + codes.LEAST).all()


def test_a_product_of_codes_is_that_of_the_arrays_they_stand_for() -> None:
    rng = np.random.default_rng(3)
    x, W, b = rng.standard_normal((5, 300)), rng.standard_normal((300, 7)), rng.standard_normal(7)
    restored = [(one.codes * one.scales) for one in (codes.quantise(x, axis=1), codes.quantise(W, axis=0))]
    np.testing.assert_allclose(codes.product(x, W, b, int8=True), restored[0] @ restored[1] + b, rtol=1e-12)


def read(x: np.ndarray, lengths: np.ndarray, p: lstm.Params, reverse: bool) -> tuple[np.ndarray, Any]:
    """Return the outputs (S, B, H) and the last state of an LSTM whose products are those of codes."""
    (S, B, _), H = x.shape, p.Wh.shape[0]
    h, c = np.zeros((2, B, H), x.dtype)
    outputs = np.empty((S, B, H), x.dtype)
    for t, _, _ in steps(S, reverse):
        a = codes.product(h, p.Wh, p.b, int8=True) + codes.product(x[t], p.Wx, None, int8=True)
        activate_(a)
        i, f, g, o = np.split(a, 4, axis=1)
        live = (t < lengths)[:, None]
        after = f * c + i * g
        h, c = np.where(live, o * np.tanh(after), h), np.where(live, after, c)
        outputs[t] = h
    return outputs, (h, c)


def encode(net: Seq2seq, source: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """Return h, c (L, B, H) and the memory (S, B, M) of an encoder whose products are those of codes."""
    spec, w = net.spec, net.encoder.weights
    x, below = w.embedding[source], spec.encoder_layers - spec.decoder_layers
    h, c = np.zeros((2, spec.decoder_layers, source.shape[1], spec.hidden_size), x.dtype)
    for layer, directions in enumerate(w.lstm):
        outputs, ends = zip(
            *(read(x, lengths, p, spec.reversed_source or i == 1) for i, p in enumerate(directions)), strict=True
        )
        x = np.concatenate(outputs, axis=2)
        for state, out, finals in zip("hc", (h, c), zip(*ends, strict=True), strict=True):
            if layer < below or state not in spec.bridge:
                continue
            if spec.bidirectional:
                W, b = w.bridge[state]
                out[layer - below] = codes.product(np.concatenate(finals, axis=1), W, b, int8=True)
            else:
                out[layer - below] = finals[0]
    return [h, c, x]


@pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
@pytest.mark.parametrize("options", OPTIONS, ids=network_cases.name)
def test_an_encoder_in_8_bits_computes_with_codes(isa: str, options: dict[str, Any]) -> None:
    net = network(options)
    source, lengths = network_cases.sources(30)
    expected = encode(net, source, lengths)
    actual = [np.full(a.shape, np.nan, np.float32) for a in expected]
    native(net, isa, int8=True).encode(source, lengths, *actual)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=0, atol=CLOSE)
        assert np.abs(a - e).mean() <= CLOSE / 100  # most agree to the last digits
