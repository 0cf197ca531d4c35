"""The same bytes for any number of threads, instruction set, batch and padding: nothing here has a tolerance."""

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import kernel_cases
import numpy as np
import pytest
from kernel_cases import CASES, INSTRUCTION_SETS, arguments, arrays, case_id, cast, native

pytestmark = pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)


@pytest.fixture(autouse=True)
def _restored_threads() -> Iterator[None]:
    before = kernel_cases._native.threads()
    yield
    kernel_cases._native.set_threads(before)


def outcome(kernel: str, args: list[Any], isa: str | None = None) -> list[bytes]:
    args = cast(args, np.float32)
    result = native(kernel, isa)(*args)
    return [np.asarray(a).tobytes() for a in [*arrays(args), result] if a is not None]


BIG = [
    ("embedding_forward", {"T": 40, "B": 64, "D": 128, "V": 30}),
    ("embedding_backward", {"T": 40, "B": 64, "D": 128, "V": 30}),
    ("affine_forward", {"N": 500, "D": 300, "M": 130}),
    ("affine_backward", {"N": 500, "D": 300, "M": 130}),
    ("affine_backward", {"N": 700, "D": 150, "M": 13}),
    ("affine_backward", {"N": 500, "D": 100, "M": 300, "add": True}),
    ("affine_forward", {"N": 2, "D": 512, "M": 1000}),
    ("tied_affine_forward", {"N": 500, "D": 300, "V": 130}),
    ("tied_affine_backward", {"N": 500, "D": 300, "V": 130}),
    ("tied_affine_backward", {"N": 70, "D": 60, "V": 4100}),
    ("lstm_forward", {"T": 7, "B": 61, "D": 40, "H": 72}),
    ("lstm_backward", {"T": 7, "B": 61, "D": 40, "H": 72}),
    ("lstm_backward", {"T": 5, "B": 37, "D": 70, "H": 130, "reverse": True}),
    ("lstm_forward", {"T": 7, "B": 61, "D": 0, "H": 72, "zero_start": True, "V": 30}),
    ("lstm_backward", {"T": 7, "B": 61, "D": 0, "H": 72, "reverse": True, "zero_start": True, "V": 30}),
    ("bilstm_forward", {"T": 7, "B": 61, "D": 40, "H": 72}),
    ("bilstm_backward", {"T": 7, "B": 61, "D": 40, "H": 72}),
    ("bilstm_backward", {"T": 7, "B": 61, "D": 0, "H": 72, "V": 30}),
    ("attention_forward", {"T": 9, "B": 40, "S": 11, "E": 130}),
    ("attention_backward", {"T": 9, "B": 40, "S": 11, "E": 130, "biased": True}),
    ("additive_attention_forward", {"T": 9, "B": 40, "S": 11, "A": 70, "M": 130}),
    ("additive_attention_backward", {"T": 9, "B": 40, "S": 11, "A": 70, "M": 130, "biased": True}),
    ("cross_entropy_forward", {"T": 9, "B": 40, "V": 999}),
    ("cross_entropy_backward", {"T": 9, "B": 40, "V": 999}),
    ("copy_cross_entropy_forward", {"T": 9, "B": 40, "V": 999, "S": 30}),
    ("copy_cross_entropy_backward", {"T": 9, "B": 40, "V": 999, "S": 30}),
    ("copy_log_probs", {"T": 9, "B": 40, "V": 999, "S": 30}),
    ("tanh_forward", {"N": 300_001}),
    ("tanh_backward", {"N": 900_001}),
    ("clear", {"N": 900_001}),
    ("dropout", {"T": 20, "B": 128, "D": 150, "steps": 1}),
    ("adam_update", {"N": 500_003}),
]


@pytest.mark.parametrize("case", BIG, ids=case_id)
def test_the_number_of_threads_does_not_show(case: tuple[str, dict[str, Any]]) -> None:
    kernel, sizes = case
    args = arguments(kernel, sizes)
    kernel_cases._native.set_threads(1)
    alone = outcome(kernel, args)
    for n in range(2, 9):
        kernel_cases._native.set_threads(n)
        assert outcome(kernel, args) == alone, f"{n} threads"


def test_the_number_of_threads_does_not_show_in_the_norm() -> None:
    x = np.random.default_rng(0).standard_normal(1_000_003).astype(np.float32)
    norms = set()
    for n in range(1, 9):
        kernel_cases._native.set_threads(n)
        norms |= {native("squared_norm", isa)(x) for isa in INSTRUCTION_SETS}
    assert len(norms) == 1


@pytest.mark.parametrize("case", CASES + BIG, ids=case_id)
def test_the_instruction_set_does_not_show(case: tuple[str, dict[str, Any]]) -> None:
    kernel, sizes = case
    args = arguments(kernel, sizes)
    first, *others = [outcome(kernel, args, isa) for isa in INSTRUCTION_SETS]
    for isa, other in zip(INSTRUCTION_SETS[1:], others, strict=True):
        assert other == first, f"{isa} differs from {INSTRUCTION_SETS[0]}"


@pytest.mark.parametrize("case", BIG, ids=case_id)
def test_a_second_run_gives_the_same(case: tuple[str, dict[str, Any]]) -> None:
    kernel, sizes = case
    args = arguments(kernel, sizes)
    assert outcome(kernel, args) == outcome(kernel, args)


def chosen(kernel: str, args: list[Any], rows: list[int], T: int | None = None, S: int | None = None) -> list[Any]:
    """Return the arguments for some rows of the batch, cut or padded to T steps (and S of the source)."""

    def steps(a: np.ndarray, n: int | None) -> np.ndarray:
        a = a[:, rows]
        if n is None or n == len(a):
            return a
        return a[:n] if n < len(a) else np.concatenate([a, np.zeros((n - len(a), *a.shape[1:]), a.dtype)])

    if kernel == "lstm_forward":
        x, lengths, Wx, Wh, b, h, c, gates, reverse, *_ = args
        n = None if T is None else T + 1
        if reverse and T is not None and len(x) < T:  # the initial state stands at the end
            h, c = (np.concatenate([a, np.repeat(a[-1:], T - len(x), 0)]) for a in (h, c))
        return [steps(x, T), lengths[rows], Wx, Wh, b, steps(h, n), steps(c, n), steps(gates, T), reverse]
    if kernel == "attention_forward":
        q, memory, lengths, weights, context = args
        w = steps(weights, T)
        if S is not None:
            w = np.zeros((*w.shape[:2], S))
        return [steps(q, T), steps(memory, S), lengths[rows], w, steps(context, T)]
    if kernel == "additive_attention_forward":
        q, keys, v, memory, lengths, weights, context = args
        w = steps(weights, T)
        if S is not None:
            w = np.zeros((*w.shape[:2], S))
        return [steps(q, T), steps(keys, S), v, steps(memory, S), lengths[rows], w, steps(context, T)]
    assert kernel == "cross_entropy_forward"
    scores, targets, lengths, smoothing, probs, nll = args
    return [steps(scores, T), steps(targets, T), lengths[rows], smoothing, steps(probs, T), steps(nll, T)]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("size", [1, 2, 4, 5, 15, 31])
def test_an_lstm_gives_a_row_the_same_in_any_batch_at_any_place(size: int, reverse: bool) -> None:
    rng = np.random.default_rng(size)
    T, B = 6, 40
    args = arguments("lstm_forward", {"T": T, "B": B, "D": 21, "H": 45, "reverse": reverse})
    whole = cast(args, np.float32)
    native("lstm_forward")(*whole)
    rows = [int(r) for r in rng.permutation(B)[:size]]
    some = cast(chosen("lstm_forward", args, rows), np.float32)
    native("lstm_forward")(*some)
    for position in (5, 6, 7):
        assert some[position].tobytes() == np.ascontiguousarray(whole[position][:, rows]).tobytes()


def in_columns(a: np.ndarray) -> np.ndarray:
    """Copy rows, such as states (T, B, H), into columns of a wider array."""
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1] + 5), np.float32)
    columns = wide[..., 3 : 3 + a.shape[-1]]
    columns[:] = a
    return columns


@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
@pytest.mark.parametrize(("T", "B"), [(6, 31), (3, 3), (1, 7), (4, 1)])
@pytest.mark.parametrize("reverse", [False, True])
def test_some_arrays_may_be_columns_of_a_wider_one(isa: str, T: int, B: int, reverse: bool) -> None:
    of_lstm, of_attention = {"T": T, "B": B, "D": 21, "H": 45, "reverse": reverse}, {"T": T, "B": B, "S": 5, "E": 37}
    of_additive = {"T": T, "B": B, "S": 5, "A": 21, "M": 37}
    for kernel, sizes, states in [
        ("lstm_forward", of_lstm, (5,)),
        ("lstm_backward", of_lstm, (0, 7)),
        ("attention_forward", of_attention, (4,)),
        ("attention_backward", of_attention, (0,)),
        ("additive_attention_forward", of_additive, (6,)),
        ("additive_attention_backward", of_additive, (0,)),
        ("affine_backward", {"N": T * B, "D": 21, "M": 35, "add": True}, (3,)),
    ]:
        args = arguments(kernel, sizes)
        whole, columns = cast(args, np.float32), cast(args, np.float32)
        for position in states:
            columns[position] = in_columns(columns[position])
        native(kernel, isa)(*whole)
        native(kernel, isa)(*columns)
        for a, b in zip(arrays(whole), arrays(columns), strict=True):
            assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("B", [3, 40])
def test_a_table_of_symbols_and_a_start_from_zeros_leave_the_bytes_of_the_plain_calls(B: int, reverse: bool) -> None:
    V, D, H = 11, 21, 45
    x, lengths, Wx, Wh, b, h, c, gates, *_ = plain = cast(
        arguments("lstm_forward", {"T": 6, "B": B, "D": D, "H": H, "reverse": reverse}), np.float32
    )
    rng = np.random.default_rng(B)
    E, ids = rng.standard_normal((V, D)).astype(np.float32), kernel_cases.ints(rng, V, 6, B)
    x[:] = E[ids]
    h[:], c[:] = 0, 0
    table, nothing = np.empty((V, 4 * H), np.float32), np.empty((6, B, 0), np.float32)
    native("affine_forward")(E, Wx, b, table)
    tabled = cast([nothing, lengths, Wx[:0], Wh, table, h + 7, c + 7, gates, reverse, True, ids], np.float32)
    native("lstm_forward")(*plain)
    native("lstm_forward")(*tabled)
    for position in (5, 6, 7):
        assert plain[position].tobytes() == tabled[position].tobytes()


@pytest.mark.parametrize("reverse", [False, True])
def test_padding_does_not_show_in_an_lstm(reverse: bool) -> None:
    T, longer = 6, 11
    args = arguments("lstm_forward", {"T": T, "B": 9, "D": 21, "H": 45, "reverse": reverse})
    rows = list(range(9))
    short, long = (cast(chosen("lstm_forward", args, rows, n), np.float32) for n in (T, longer))
    native("lstm_forward")(*short)
    native("lstm_forward")(*long)
    for position in (5, 6):
        assert short[position].tobytes() == long[position][: T + 1].tobytes()
        end = long[position][0] if reverse else long[position][-1]
        assert end.tobytes() == (short[position][0] if reverse else short[position][-1]).tobytes()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("size", [1, 4, 5, 31])
def test_an_lstm_gives_a_row_the_same_gradient_in_any_batch(size: int, reverse: bool) -> None:
    B = 40
    args = arguments("lstm_backward", {"T": 6, "B": B, "D": 21, "H": 45, "reverse": reverse})
    rows = [int(r) for r in np.random.default_rng(size).permutation(B)[:size]]
    by_row = {0: 1, 1: 0, 2: 0, 3: 1, 4: 0, 7: 1, 8: 1, 9: 1, 10: 1}  # the axis of B
    some = cast([np.take(a, rows, by_row[i]) if i in by_row else a for i, a in enumerate(args)], np.float32)
    whole = cast(args, np.float32)
    native("lstm_backward")(*whole)
    native("lstm_backward")(*some)
    for position in (1, 2, 9, 10):
        assert (
            some[position].tobytes() == np.ascontiguousarray(np.take(whole[position], rows, by_row[position])).tobytes()
        )


def test_padding_does_not_show_in_the_gradient_of_the_weights() -> None:
    args = arguments("lstm_backward", {"T": 6, "B": 9, "D": 21, "H": 45})
    args[11][:], args[12][:], args[13][:] = 0, 0, 0

    def padded(a: np.ndarray) -> np.ndarray:
        return np.concatenate([a, np.repeat(a[-1:], 4, 0)])

    live = (np.arange(6)[:, None] < args[4])[..., None]
    args[0] *= live
    long = cast([padded(a) if i in (3, 7, 8, 9, 10) else a for i, a in enumerate(args)], np.float32)
    long[0] = np.concatenate([args[0], np.zeros((4, *args[0].shape[1:]))]).astype(np.float32)
    short = cast(args, np.float32)
    native("lstm_backward")(*short)
    native("lstm_backward")(*long)
    for position in (1, 2, 11, 12, 13):
        assert short[position].tobytes() == long[position].tobytes()


@pytest.mark.parametrize(
    ("kernel", "sizes", "outputs"),
    [
        ("attention_forward", {"T": 7, "B": 12, "S": 9, "E": 50}, (3, 4)),
        ("additive_attention_forward", {"T": 7, "B": 12, "S": 9, "A": 37, "M": 50}, (5, 6)),
        ("cross_entropy_forward", {"T": 7, "B": 12, "V": 70}, (4, 5)),
    ],
)
def test_a_row_is_the_same_alone_in_a_batch_and_padded(
    kernel: str, sizes: dict[str, Any], outputs: tuple[int, int]
) -> None:
    args = arguments(kernel, sizes)
    whole = cast(args, np.float32)
    native(kernel)(*whole)
    for b in (0, 5, 11):
        S = 20 if "S" in sizes else None
        alone = cast(chosen(kernel, args, [b], 10, S), np.float32)
        native(kernel)(*alone)
        for position in outputs:
            one, many = alone[position][:7, 0], whole[position][:, b]
            if one.ndim == 2:
                one = one[:, : many.shape[1]]
            assert one.tobytes() == np.ascontiguousarray(many).tobytes()


@pytest.mark.parametrize("kernel", ["affine_forward", "affine_backward"])
def test_a_product_gives_a_row_the_same_in_any_batch(kernel: str) -> None:
    args = arguments(kernel, {"N": 300, "D": 130, "M": 75})
    whole = cast(args, np.float32)
    native(kernel)(*whole)
    out = 3
    for rows in ([0], [299], [5, 7, 11], list(range(20, 37))):
        cut = [0, 3] if kernel == "affine_forward" else [0, 1, 3]
        some = cast([a[rows] if i in cut else a for i, a in enumerate(args)], np.float32)
        native(kernel)(*some)
        assert some[out].tobytes() == whole[out][rows].tobytes()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_both_directions_give_the_bytes_of_two_calls(threads: int) -> None:
    kernel_cases._native.set_threads(threads)
    x, lengths, forward, backward, ids = both = cast(
        arguments("bilstm_backward", {"T": 7, "B": 61, "D": 40, "H": 72}), np.float32
    )
    apart = cast([forward, backward], np.float32)
    native("bilstm_backward")(*both)
    for direction, reverse in zip(apart, (False, True), strict=True):
        native("lstm_backward")(*direction[:3], x, lengths, *direction[3:], reverse, True, ids)
    for a, b in zip(arrays([forward, backward]), arrays(apart), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("N", [3, 70])
def test_tied_weights_leave_the_bytes_of_a_transposed_copy(N: int) -> None:
    dy, x, E, dx, _, db = tied = cast(arguments("tied_affine_backward", {"N": N, "D": 45, "V": 150}), np.float32)
    tied[4][:] = 0
    W, y = np.ascontiguousarray(E.T), np.empty_like(dy)
    copied = [dy, x, W, dx + 1, np.zeros_like(W), db.copy(), False]
    native("tied_affine_forward")(x, E, E[:, 0].copy(), y)
    expected = np.empty_like(y)
    native("affine_forward")(x, W, E[:, 0].copy(), expected)
    assert y.tobytes() == expected.tobytes()
    native("tied_affine_backward")(*tied)
    native("affine_backward")(*copied)
    assert tied[3].tobytes() == copied[3].tobytes()
    assert tied[4].tobytes() == np.ascontiguousarray(copied[4].T).tobytes()
    assert tied[5].tobytes() == copied[5].tobytes()


# ------------------------------------------------------------------------------------------------ the pool of threads
def _digest(queue: Any, args: list[Any]) -> None:
    queue.put(outcome("lstm_backward", args))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_computes_the_same_with_a_pool_of_its_own() -> None:
    kernel_cases._native.set_threads(4)
    args = arguments("lstm_backward", {"T": 7, "B": 61, "D": 40, "H": 72})
    expected = outcome("lstm_backward", args)  # the parent's pool is running
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    children = [context.Process(target=_digest, args=(queue, args)) for _ in range(3)]
    for child in children:
        child.start()
    assert [queue.get() for _ in children] == [expected] * 3
    for child in children:
        child.join(timeout=60)
        assert child.exitcode == 0
    assert outcome("lstm_backward", args) == expected


def test_many_python_threads_at_once_get_what_one_gets() -> None:
    kernel_cases._native.set_threads(3)
    cases = [(kernel, arguments(kernel, sizes)) for kernel, sizes in BIG if kernel.startswith(("lstm", "aff"))]
    expected = [outcome(kernel, args) for kernel, args in cases]
    wrong: list[str] = []

    def work(offset: int) -> None:
        for round_ in range(len(cases)):
            i = (round_ + offset) % len(cases)
            if outcome(cases[i][0], cases[i][1]) != expected[i]:
                wrong.append(cases[i][0])

    workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
        assert not worker.is_alive(), "a kernel did not return"
    assert not wrong


def test_the_lock_of_the_interpreter_is_released() -> None:
    args = cast(arguments("affine_forward", {"N": 600, "D": 600, "M": 600}), np.float32)
    kernel_cases._native.set_threads(1)
    done = threading.Event()
    ticks = 0

    def work() -> None:
        for _ in range(20):
            native("affine_forward")(*args)
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not done.is_set():
        ticks += 1
    worker.join()
    assert ticks > 1000


@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
def test_the_environment_chooses_the_instruction_set(isa: str) -> None:
    code = "from seqwright import kernels; print(kernels.description())"
    env = os.environ | {"SEQWRIGHT_KERNELS": f"native-{isa}", "SEQWRIGHT_THREADS": "3"}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == f"native kernels ({isa}), 3 threads"
