"""Every compiled kernel, on every instruction set of this processor, against the NumPy reference in float64.

The bound. An element is a chain of K fused multiply-adds; its rounding error is at most K u Σ|a b| with u = 2⁻²⁴, in
practice √K u. The largest K here is 1,030 (the products) and a state passes through at most 7 steps, which gives
7 · √1030 · 6e-8 = 1.3e-5 of the largest term in the worst direction; measured, it is a tenth of that. `BOUND` is
relative to the largest element of each array.
"""

from typing import Any

import kernel_cases
import numpy as np
import pytest
from kernel_cases import CASES, INSTRUCTION_SETS, arguments, arrays, case_id, cast, native

from seqwright.kernels import reference

pytestmark = pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)

BOUND = 1e-5
every_isa = pytest.mark.parametrize("isa", INSTRUCTION_SETS)


def as_specified(kernel: str, args: list[Any]) -> list[np.ndarray]:
    """Return all arrays after the reference has run, without what it says no one may read."""
    getattr(reference, kernel)(*args)
    return [a.copy() for a in comparable(kernel, args)]


def comparable(kernel: str, args: list[Any]) -> list[np.ndarray]:
    if kernel == "lstm_forward":  # gates at padding are never read
        T, lengths, gates = len(args[0]), args[1], args[7]
        gates[np.arange(T)[:, None] >= lengths] = 0
    if kernel == "bilstm_forward":
        for direction in args[2:4]:
            direction[5][np.arange(len(args[0]))[:, None] >= args[1]] = 0
    return list(arrays(args))


@every_isa
@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_kernel_agrees_with_the_reference(isa: str, case: tuple[str, dict[str, Any]]) -> None:
    kernel, sizes = case
    expected_args = arguments(kernel, sizes)
    actual_args = cast(expected_args, np.float32)
    expected = as_specified(kernel, expected_args)
    native(kernel, isa)(*actual_args)
    actual = comparable(kernel, actual_args)
    assert len(actual) == len(expected)
    for position, (a, e) in enumerate(zip(actual, expected, strict=True)):
        if e.dtype.kind in "ib":
            np.testing.assert_array_equal(a, e, err_msg=f"array {position}")
        elif e.size:
            error = np.abs(a - e).max() / max(np.abs(e).max(), 1e-30)
            assert error <= BOUND, f"array {position} of {kernel}, shape {e.shape}: relative error {error:.2e}"


@every_isa
@pytest.mark.parametrize("N", [0, 1, 7, 8191, 8192, 8193, 300_001])
def test_the_squared_norm_is_summed_in_float64(isa: str, N: int) -> None:
    x = np.random.default_rng(N).standard_normal(N).astype(np.float32)
    assert native("squared_norm", isa)(x) == pytest.approx(reference.squared_norm(x.astype(np.float64)), rel=1e-14)


@every_isa
def test_tanh_is_within_a_few_units_in_the_last_place_everywhere(isa: str) -> None:
    x = np.concatenate([np.linspace(-12, 12, 400_001), np.logspace(-30, 1, 100_001)]).astype(np.float32)
    out = np.empty_like(x)
    native("tanh_forward", isa)(x, out)
    truth = np.tanh(x.astype(np.float64))
    assert np.abs(out - truth)[truth != 0].max() <= 6 * 2.0**-24
    relative = np.abs(out - truth)[truth != 0] / np.abs(truth[truth != 0])
    assert relative.max() <= 6 * 2.0**-24
    assert np.abs(out).max() <= 1


@every_isa
def test_exponentials_are_within_a_few_units_in_the_last_place(isa: str) -> None:
    shifts = np.linspace(-86, 0, 100_001).astype(np.float32)
    logits = np.zeros((len(shifts), 1, 2), np.float32)
    logits[:, 0, 0] = shifts
    probs, nll = np.empty_like(logits), np.empty(logits.shape[:2], np.float32)
    targets, lengths = np.zeros(nll.shape, np.int32), np.full(1, len(shifts), np.int32)
    native("cross_entropy_forward", isa)(logits, targets, lengths, 0.0, probs, nll)
    truth = 1 / (1 + np.exp(-shifts.astype(np.float64)))
    np.testing.assert_allclose(probs[:, 0, 0], truth, rtol=4 * 2.0**-24)
    np.testing.assert_allclose(nll[:, 0], -np.log(truth), rtol=4 * 2.0**-24)


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 3e38, -3e38, 100, -100, 1], np.float32)


@every_isa
def test_special_values_go_through_pointwise_kernels_as_in_numpy(isa: str) -> None:
    x = np.tile(SPECIAL, 3)
    out = np.empty_like(x)
    native("tanh_forward", isa)(x, out)
    np.testing.assert_allclose(out, np.tanh(x), rtol=1e-6)
    assert (np.signbit(out) == np.signbit(x))[~np.isnan(x)].all()
    with np.errstate(invalid="ignore", over="ignore"):
        expected = np.empty_like(x)
        for kernel in ("tanh_backward", "dropout"):
            args = x.reshape(-1, 1, 1), np.roll(x, 5).reshape(-1, 1, 1)
            getattr(reference, kernel)(*args, expected.reshape(-1, 1, 1))
            native(kernel, isa)(*args, out.reshape(-1, 1, 1))
            np.testing.assert_array_equal(out, expected)


@every_isa
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "kernel",
    ["affine_forward", "lstm_forward", "attention_forward", "additive_attention_forward", "cross_entropy_forward"],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_values_go_through_a_layer_as_in_numpy(isa: str, kernel: str, special: float) -> None:
    sizes = {
        "affine_forward": {"N": 20, "D": 9, "M": 37},
        "lstm_forward": {"T": 3, "B": 20, "D": 9, "H": 19},
        "attention_forward": {"T": 5, "B": 3, "S": 6, "E": 21},
        "additive_attention_forward": {"T": 5, "B": 3, "S": 6, "A": 21, "M": 9},
        "cross_entropy_forward": {"T": 4, "B": 5, "V": 70, "smoothing": 0.1},
    }[kernel]
    expected_args = arguments(kernel, sizes)
    if kernel == "attention_forward":  # padding is skipped, where the reference multiplies it by 0
        expected_args[2][:] = sizes["S"]
    if kernel == "additive_attention_forward":
        expected_args[4][:] = sizes["S"]
    if kernel == "lstm_forward":
        expected_args[1][:] = sizes["T"]
    expected_args[0].reshape(-1)[7] = special
    actual_args = cast(expected_args, np.float32)
    getattr(reference, kernel)(*expected_args)
    native(kernel, isa)(*actual_args)
    for a, e in zip(arrays(actual_args), arrays(expected_args), strict=True):
        if e.dtype.kind == "f":
            np.testing.assert_array_equal(np.isnan(a), np.isnan(e))
            np.testing.assert_allclose(a, e, rtol=1e-4, atol=1e-5)


@every_isa
def test_in_place_arguments_are_allowed_where_the_reference_allows_them(isa: str) -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((5, 3, 40)).astype(np.float32) for _ in range(2))
    targets, lengths = kernel_cases.ints(rng, 40, 5, 3), np.array([5, 2, 0], np.int32)
    nll = np.empty((5, 3), np.float32)

    def same(kernel: str, *args: Any, out: int, aliased: int) -> None:
        apart, together = list(cast(args, np.float32)), list(cast(args, np.float32))
        apart[out] = np.empty_like(apart[out])
        together[out] = together[aliased]
        native(kernel, isa)(*apart)
        native(kernel, isa)(*together)
        np.testing.assert_array_equal(apart[out], together[out])

    same("tanh_forward", x, x, out=1, aliased=0)
    same("tanh_backward", x, np.tanh(y), x, out=2, aliased=0)
    same("dropout", x, y, x, out=2, aliased=0)
    same("cross_entropy_forward", x, targets, lengths, 0.1, x, nll, out=4, aliased=0)
    same("cross_entropy_backward", np.abs(x), targets, lengths, 0.1, 0.5, x, out=5, aliased=0)


@every_isa
def test_minus_infinity_forbids_a_symbol_without_touching_the_loss(isa: str) -> None:
    logits = np.zeros((1, 1, 20), np.float32)
    logits[0, 0, 3:] = -np.inf
    probs, nll = np.empty_like(logits), np.empty((1, 1), np.float32)
    target, length = np.array([[1]], np.int32), np.array([1], np.int32)
    native("cross_entropy_forward", isa)(logits, target, length, 0.0, probs, nll)
    assert nll[0, 0] == pytest.approx(np.log(3), rel=1e-6)
    assert (probs[0, 0, 3:] == 0).all()


def directional(
    kernel: str, args: list[Any], wrt: dict[int, np.ndarray], outputs: list[int], eps: float
) -> list[np.ndarray]:
    """Return d(outputs)/dε along `wrt` by central differences of the float64 reference."""
    ends = []
    for sign in (+1, -1):
        moved = cast(args, np.float64)
        for position, direction in wrt.items():
            moved[position] += sign * eps * direction
        getattr(reference, kernel)(*moved)
        ends.append([moved[i] for i in outputs])
    return [(plus - minus) / (2 * eps) for plus, minus in zip(*ends, strict=True)]


def agrees(slope: float, gradient: float, size: float) -> None:
    assert abs(slope - gradient) <= 2e-5 * size, f"differences {slope:.9g}, compiled backward {gradient:.9g}"


@every_isa
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_compiled_lstm_backward_is_the_derivative_of_the_reference_forward(
    isa: str, reverse: bool, seed: int
) -> None:
    T, B, D, H = 5, 7, 9, 19
    rng = np.random.default_rng(seed)
    args = arguments("lstm_forward", {"T": T, "B": B, "D": D, "H": H, "reverse": reverse}, seed)
    first, last, out = (T, 0, slice(0, T)) if reverse else (0, T, slice(1, T + 1))
    u = {i: rng.standard_normal(args[i].shape) for i in (0, 2, 3, 4)}
    for i in (5, 6):  # of the states, only the initial one is an input
        u[i] = np.zeros_like(args[i])
        u[i][first] = rng.standard_normal((B, H))
    dh, dh_end, dc_end = (rng.standard_normal(s) for s in ((T, B, H), (B, H), (B, H)))
    Jh, Jc = directional("lstm_forward", args, u, [5, 6], 1e-6)
    slope = (Jh[out] * dh).sum() + (Jh[last] * dh_end).sum() + (Jc[last] * dc_end).sum()

    x, lengths, Wx, Wh, b, h, c, gates, *_ = forward = cast(args, np.float32)
    native("lstm_forward", isa)(*forward)
    dx, dWx, dWh, db = (np.zeros_like(a) for a in (x, Wx, Wh, b))
    dh, dh_end, dc_end = cast((dh, dh_end, dc_end), np.float32)
    native("lstm_backward", isa)(dh, dh_end, dc_end, x, lengths, Wx, Wh, h, c, gates, dx, dWx, dWh, db, reverse)
    terms = [(dx, u[0]), (dWx, u[2]), (dWh, u[3]), (db, u[4]), (dh_end, u[5][first]), (dc_end, u[6][first])]
    agrees(slope, sum((g * d).sum() for g, d in terms), sum(np.abs(g * d).sum() for g, d in terms))


@every_isa
@pytest.mark.parametrize("seed", range(3))
def test_the_compiled_attention_backward_is_the_derivative_of_the_reference_forward(isa: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    args = arguments("attention_forward", {"T": 5, "B": 6, "S": 7, "E": 21}, seed)
    u = {i: rng.standard_normal(args[i].shape) for i in (0, 1)}
    v = {i: rng.standard_normal(args[i].shape) for i in (3, 4)}
    slopes = directional("attention_forward", args, u, list(v), 1e-6)

    q, memory, lengths, weights, context = forward = cast(args, np.float32)
    native("attention_forward", isa)(*forward)
    dq, dmemory = np.zeros_like(q), np.zeros_like(memory)
    dweights, dcontext = (d.astype(np.float32) for d in v.values())
    native("attention_backward", isa)(dcontext, dweights, q, memory, lengths, weights, dq, dmemory)
    terms = [(dq, u[0]), (dmemory, u[1])]
    assert context.shape == dcontext.shape
    slope = sum((s * d).sum() for s, d in zip(slopes, v.values(), strict=True))
    agrees(slope, sum((g * d).sum() for g, d in terms), sum(np.abs(g * d).sum() for g, d in terms))


@every_isa
@pytest.mark.parametrize("seed", range(3))
def test_the_compiled_additive_attention_backward_is_the_derivative_of_the_reference_forward(
    isa: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    args = arguments("additive_attention_forward", {"T": 5, "B": 6, "S": 7, "A": 21, "M": 18}, seed)
    u = {i: rng.standard_normal(args[i].shape) for i in range(4)}
    v = {i: rng.standard_normal(args[i].shape) for i in (5, 6)}
    slopes = directional("additive_attention_forward", args, u, list(v), 1e-6)

    *inputs, lengths, weights, _ = forward = cast(args, np.float32)
    native("additive_attention_forward", isa)(*forward)
    gradients = [np.zeros_like(a) for a in inputs]
    dweights, dcontext = (d.astype(np.float32) for d in v.values())
    native("additive_attention_backward", isa)(dcontext, dweights, *inputs, lengths, weights, *gradients)
    slope = sum((s * d).sum() for s, d in zip(slopes, v.values(), strict=True))
    terms = list(zip(gradients, u.values(), strict=True))
    agrees(slope, sum((g * d).sum() for g, d in terms), sum(np.abs(g * d).sum() for g, d in terms))


@every_isa
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_compiled_cross_entropy_backward_is_the_derivative_of_the_reference_forward(
    isa: str, smoothing: float
) -> None:
    rng = np.random.default_rng(0)
    args = arguments("cross_entropy_forward", {"T": 5, "B": 6, "V": 37, "smoothing": smoothing})
    u = rng.standard_normal(args[0].shape)
    (slopes,) = directional("cross_entropy_forward", args, {0: u}, [5], 1e-6)

    logits, targets, lengths, _, probs, _ = forward = cast(args, np.float32)
    native("cross_entropy_forward", isa)(*forward)
    dlogits = np.empty_like(logits)
    native("cross_entropy_backward", isa)(probs, targets, lengths, smoothing, 0.25, dlogits)
    agrees(0.25 * slopes.sum(), (dlogits * u).sum(), np.abs(dlogits * u).sum())


@every_isa
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_compiled_backward_of_copying_is_the_derivative_of_the_reference_forward(
    isa: str, smoothing: float
) -> None:
    rng = np.random.default_rng(0)
    args = arguments("copy_cross_entropy_forward", {"T": 5, "B": 6, "V": 37, "S": 50, "smoothing": smoothing})
    args[1] *= 0.9  # room for steps to either side
    u = {0: rng.standard_normal(args[0].shape), 1: args[1] * rng.standard_normal(args[1].shape)}
    u[2] = rng.standard_normal(args[2].shape)
    (slopes,) = directional("copy_cross_entropy_forward", args, u, [8], 1e-6)

    logits, weights, gate, source, targets, lengths, _, probs, _ = forward = cast(args, np.float32)
    native("copy_cross_entropy_forward", isa)(*forward)
    d = [np.empty_like(a) for a in (logits, weights, gate)]
    native("copy_cross_entropy_backward", isa)(probs, weights, gate, source, targets, lengths, smoothing, 0.25, *d)
    terms = list(zip(d, u.values(), strict=True))
    agrees(0.25 * slopes.sum(), sum((g * x).sum() for g, x in terms), sum(np.abs(g * x).sum() for g, x in terms))


@every_isa
def test_nothing_finite_is_copied_or_generated_with_an_infinite_log_probability(isa: str) -> None:
    logits = np.array([[[0.0, -1e4, -1e4]]], np.float32)
    for gate in (-300.0, 0.0, 300.0):
        for weight in (1.0, 1e-38, 0.0):
            args = [logits, np.full((1, 1, 1), weight, np.float32), np.full((1, 1), gate, np.float32)]
            source, expected, actual = np.array([[1]], np.int32), np.empty_like(logits), np.empty_like(logits)
            reference.copy_log_probs(*args, source, expected)
            native("copy_log_probs", isa)(*args, source, actual)
            assert np.isfinite(actual).all()
            np.testing.assert_allclose(actual, expected, rtol=1e-6)
