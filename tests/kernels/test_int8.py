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

from seqwright import search
from seqwright.kernels.reference.quantized import LEAST, QuantizedMatrix, quantize
from seqwright.models import Seq2seq, build
from seqwright.models.int8 import quantized
from seqwright.nn.cache import Cache

# Codes are rounded: where two computations differ in the last bit of what is rounded, a code differs by 1 of 127.
CLOSE = 0.02

matrices = arrays_of.arrays(
    np.float32,
    arrays_of.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(-(2.0**99), 2.0**99, width=32),
)


@given(matrices)
def test_what_was_quantised_and_restored_has_the_same_codes(x: np.ndarray) -> None:
    codes, scales = quantize(x, axis=0)
    np.testing.assert_array_equal(quantize(codes * scales, axis=0)[0], codes)


@given(matrices)
def test_a_code_is_off_by_half_a_scale_at_most(x: np.ndarray) -> None:
    codes, scales = quantize(x, axis=1)
    error = np.abs(codes * scales.astype(np.float64) - x)
    assert (error <= 0.5001 * scales + LEAST).all()


def test_a_product_of_codes_is_that_of_the_arrays_they_stand_for() -> None:
    rng = np.random.default_rng(3)
    x, W = rng.standard_normal((5, 300)), rng.standard_normal((300, 7))
    restored = [codes * scales for codes, scales in (quantize(x, axis=1), quantize(W, axis=0))]
    np.testing.assert_allclose(x @ QuantizedMatrix(W), restored[0] @ restored[1], rtol=1e-12)
    parts = x[:, :40] @ QuantizedMatrix(W)[:40] + x[:, 40:] @ QuantizedMatrix(W)[40:]
    np.testing.assert_allclose(np.matmul(x, QuantizedMatrix(W, parts=[40]), out=np.empty((5, 7))), parts, rtol=1e-12)


def in_numpy(net: Seq2seq) -> Seq2seq:
    """Return the network in 8 bits as NumPy computes it, in float64, which no compiled kernel takes."""
    arrays = {name: array.astype(np.float64) for name, array in net.params.named.items()}
    return quantized(build(net.spec, arrays=arrays, copy_map=net.copy_map, feature_mask=net.feature_mask))


@pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
@pytest.mark.parametrize("options", OPTIONS, ids=network_cases.name)
def test_an_encoder_in_8_bits_computes_with_codes(isa: str, options: dict[str, Any]) -> None:
    net = network(options)
    source, lengths = network_cases.sources(30)
    expected = in_numpy(net).encoder.encode(source, lengths, Cache(np.float64))[:3]
    actual = [np.full(a.shape, np.nan, np.float32) for a in expected]
    native(net, isa, int8=True).encode(source, lengths, *actual)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=0, atol=CLOSE)
        assert np.abs(a - e).mean() <= CLOSE / 100  # most agree to the last digits


@pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
@pytest.mark.parametrize("options", OPTIONS, ids=network_cases.name)
def test_a_processor_without_an_instruction_for_bytes_has_the_same_answers(isa: str, options: dict[str, Any]) -> None:
    compiled, (source, lengths) = native(network(options), isa, int8=True), network_cases.sources(30)
    rules = search.Rules(0, 1, np.full(30, 9, np.int32))

    def found(width: int) -> list[tuple[list[int], list[float]]]:
        answers = search.compiled.beam(search.compiled.Networks([compiled], source, lengths, (2,)), rules, width=width)
        return [(list(one.ids), list(one.log_probs)) for some in answers for one in some]

    expected = [found(width) for width in (1, 4)]
    kernel_cases._native.allow_vnni(False)
    try:
        assert [found(width) for width in (1, 4)] == expected
    finally:
        kernel_cases._native.allow_vnni(True)


@pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
@pytest.mark.parametrize("options", OPTIONS, ids=network_cases.name)
def test_targets_in_8_bits_have_the_log_probabilities_of_the_search_in_numpy(isa: str, options: dict[str, Any]) -> None:
    net = network(options)
    source, lengths = network_cases.sources(30)
    rules = search.Rules(0, 1, np.full(30, 9, np.int32))
    compiled = search.compiled.Networks([native(net, isa, int8=True)], source, lengths, (2,))
    targets = [some[0].ids for some in search.compiled.beam(compiled, rules, width=4)]
    actual = search.compiled.forced(compiled, targets, start_id=0, end_id=1)
    step, state = in_numpy(net).start(source, lengths, forbidden=(2,))
    expected = search.forced(step, state, targets, start_id=0, end_id=1)
    drift = np.concatenate(
        [
            np.abs(np.subtract(*pair))
            for pair in zip((one.log_probs for one in actual), (one.log_probs for one in expected), strict=True)
        ]
    )
    assert drift.max() < CLOSE and np.median(drift) < 1e-5
