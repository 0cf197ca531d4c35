"""Weights that are packed once, as floats and as int8: what inference reads from them, beside what it reads without."""

from typing import Any

import kernel_cases
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from kernel_cases import CASES, INSTRUCTION_SETS, arguments, arrays, case_id, cast, native

from seqwright.kernels import Decoding, reference
from seqwright.kernels.reference import codes

READ = {"encode": "encoder", "generate": "decoder", "beam": "decoder", "sample": "decoder"}
READERS = [case for case in CASES if case[0] in READ]
# Codes are rounded: where two computations differ in the last bit of what is rounded, a code differs by 1 of 127.
CLOSE = 0.02

compiled = pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
every_isa = pytest.mark.parametrize("isa", INSTRUCTION_SETS)
both = pytest.mark.parametrize("int8", [False, True], ids=["float32", "int8"])


def packed(part: str, weights: list[Any], int8: bool, isa: str | None = None) -> np.ndarray:
    block = np.full(native(f"{part}_size", isa)(*weights, int8), np.nan, np.float32)
    native(f"pack_{part}", isa)(*weights, int8, block)
    return block


def read(kernel: str, args: list[Any], int8: bool, *, keep: bool, isa: str | None = None) -> list[Any]:
    """Return the arguments of a call that reads weights packed before, with `keep`, or for it."""
    if kernel == "encode":
        return [*args, packed("encoder", args[:3], int8, isa) if keep else None, int8]

    def kept(d: Decoding) -> Decoding:
        weights = [d.E, d.layers, d.attention, d.W, d.b]
        return d._replace(packed=packed("decoder", weights, int8, isa) if keep else None, int8=int8)

    return [kept(args[0]) if kernel == "generate" else [kept(d) for d in args[0]], *args[1:]]


def outcome(kernel: str, args: list[Any], int8: bool, *, keep: bool = False, isa: str | None = None) -> list[bytes]:
    args = cast(args, np.float32)
    native(kernel, isa)(*read(kernel, args, int8, keep=keep, isa=isa))
    return [a.tobytes() for a in arrays(args)]


@compiled
@both
@every_isa
@pytest.mark.parametrize("case", READERS, ids=case_id)
def test_packed_weights_give_the_bytes_that_weights_packed_for_the_call_give(
    isa: str, case: tuple[str, dict[str, Any]], int8: bool
) -> None:
    kernel, sizes = case
    args = arguments(kernel, sizes)
    assert outcome(kernel, args, int8, keep=True, isa=isa) == outcome(kernel, args, int8, isa=isa)


@compiled
@pytest.mark.parametrize("case", READERS, ids=case_id)
def test_the_instruction_set_does_not_show_in_int8(case: tuple[str, dict[str, Any]]) -> None:
    kernel, sizes = case
    args = arguments(kernel, sizes)
    assert len({tuple(outcome(kernel, args, True, isa=isa)) for isa in INSTRUCTION_SETS}) == 1


@compiled
@both
@pytest.mark.parametrize("kernel", READ)
def test_neither_threads_nor_the_batch_show_in_packed_weights(kernel: str, int8: bool) -> None:
    sizes: dict[str, Any] = {"V": 30, "D": 24, "H": 40, "B": 23} | (
        {"S": 6} if kernel == "encode" else {"T": 7, "S": 6, "M": 50, "P": 9}
    )
    args = arguments(kernel, sizes | ({"width": 3} if kernel in ("beam", "sample") else {}))
    before = kernel_cases._native.threads()
    try:
        kernel_cases._native.set_threads(1)
        alone = outcome(kernel, args, int8)
        for n in range(2, 9):
            kernel_cases._native.set_threads(n)
            assert outcome(kernel, args, int8) == alone, f"{n} threads"
    finally:
        kernel_cases._native.set_threads(before)
    if kernel != "encode":
        return
    whole = cast(args, np.float32)
    native(kernel)(*whole, None, int8)
    for row in range(sizes["B"]):
        one = cast(args, np.float32)
        for i, axis in [(5, 1), (6, 0), (7, 1), (8, 1), (9, 1)]:
            one[i] = np.ascontiguousarray(np.take(one[i], [row], axis=axis))
        native(kernel)(*one, None, int8)
        for i in (7, 8, 9):
            assert one[i][:, 0].tobytes() == whole[i][:, row].tobytes()


@compiled
@every_isa
@pytest.mark.parametrize("case", [case for case in READERS if case[0] == "encode"], ids=case_id)
def test_an_int8_encoder_agrees_with_the_reference(isa: str, case: tuple[str, dict[str, Any]]) -> None:
    kernel, sizes = case
    expected, actual = (cast(arguments(kernel, sizes), np.float32) for _ in range(2))
    reference.encode(*expected, None, True)
    native(kernel, isa)(*actual, None, True)
    for a, e in zip(actual[7:], expected[7:], strict=True):
        np.testing.assert_allclose(a, e, rtol=0, atol=CLOSE)
        if e.size:
            assert np.abs(a - e).mean() <= CLOSE / 100  # most agree to the last digits


@compiled
@every_isa
@pytest.mark.parametrize("additive", [False, True])
def test_an_int8_decoder_agrees_with_the_reference(isa: str, additive: bool) -> None:
    sizes = {"T": 1, "B": 40, "V": 50, "D": 20, "H": 33, "layers": 2, "S": 6, "M": 40, "P": 7, "additive": additive}
    expected, actual = (cast(arguments("generate", sizes), np.float32) for _ in range(2))
    for args in (expected, actual):
        args[0], args[3][:] = args[0]._replace(int8=True), 1
    reference.generate(*expected)
    native("generate", isa)(*actual)
    *_, ids, log_probs, _ = actual
    *_, expected_ids, expected_log_probs, _ = expected
    assert (ids == expected_ids).mean() >= 0.95  # the best two may be as good as equal
    same = ids == expected_ids
    np.testing.assert_allclose(log_probs[same], expected_log_probs[same], rtol=0, atol=10 * CLOSE)
    np.testing.assert_allclose(actual[0].h, expected[0].h, rtol=0, atol=CLOSE)


@compiled
def test_int8_is_near_float32_and_not_equal_to_it() -> None:
    args = arguments("encode", {"S": 6, "B": 9, "V": 30, "D": 32, "H": 64})
    exact, rounded = (cast(args, np.float32) for _ in range(2))
    native("encode")(*exact, None, False)
    native("encode")(*rounded, None, True)
    errors = [np.abs(a - b).max() for a, b in zip(exact[7:], rounded[7:], strict=True)]
    assert all(1e-6 < error < 0.1 for error in errors), errors


@compiled
@both
def test_a_block_of_another_network_is_an_error(int8: bool) -> None:
    args = cast(arguments("encode", {"S": 3, "B": 2, "V": 5, "D": 4, "H": 20}), np.float32)
    block = packed("encoder", args[:3], int8)
    with pytest.raises(ValueError, match="packed has shape"):
        native("encode")(*args, block[1:], int8)
    other = cast(arguments("encode", {"S": 3, "B": 2, "V": 6, "D": 4, "H": 20}), np.float32)
    with pytest.raises(ValueError, match="packed has shape"):
        native("encode")(*other, block, int8)


@compiled
def test_more_inputs_than_a_whole_sum_holds_are_refused() -> None:
    E = np.zeros((2, 65_001), np.float32)
    layers = [[(np.zeros((65_001, 4), np.float32), np.zeros((1, 4), np.float32), np.zeros(4, np.float32))]]
    with pytest.raises(ValueError, match="at most 65000 inputs"):
        native("encoder_size")(E, layers, [], True)


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
