"""Compiled beam search against the search that is written over any `Step`, on networks of every kind."""

import itertools
from typing import Any

import kernel_cases
import numpy as np
import pytest
from kernel_cases import INSTRUCTION_SETS, arguments, cast, native

from seqwright import search
from seqwright.kernels import reference
from seqwright.models import Seq2seq

pytestmark = pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)

START, END = 0, 1
NETWORKS: list[dict[str, Any]] = [
    {},
    {"layers": 3, "peeky": True, "reversed_source": True, "bridge": "hc"},
    {"layers": 2, "attention": "dot"},
    {"bidirectional": True, "attention": "bilinear", "bridge": "hc"},
    {"layers": 2, "bidirectional": True, "attention": "bilinear", "peeky": True, "bridge": "hc"},
]
SIZES = [(4, 5), (16, 17), (33, 3), (20, 64), (5, 2)]  # H, V: one past a vector; fewer symbols than hypotheses


def networks(options: dict[str, Any], H: int, V: int) -> tuple[Seq2seq, Seq2seq]:
    """Return a network in float32 and the same in float64."""
    rng = np.random.default_rng(H)
    one, other = (Seq2seq(6, 7, H, target_vocab_size=V, rng=rng, dtype=t, **options) for t in (np.float32, np.float64))
    one.params.flat[:] = 0.5 * rng.standard_normal(len(one.params.flat))
    other.params.flat[:] = one.params.flat
    return one, other


def called(
    net: Seq2seq, source: np.ndarray, lengths: np.ndarray, limits: np.ndarray, least: np.ndarray, width: int
) -> Any:
    """Return the arguments of a search by the kernel."""
    encoded, w = net.encoder.encode(source, lengths, net.encoder.cache), net.decoder.weights
    attends, T, B, dtype = w.attention is not None, int(limits.max()) + 1, len(lengths), net.params.flat.dtype
    return [
        w.embedding, w.lstm, w.attention, *w.affine, encoded.h.copy(), encoded.c.copy(),
        encoded.h[-1].copy() if net.decoder.peeky else None, encoded.memory if attends else None,
        encoded.lengths if attends else None, START, END, limits, least,
        np.zeros((B, width, T), np.int32), np.zeros((B, width, T), dtype), np.zeros((B, width), np.int32),
        np.zeros((B, width), np.int32), np.zeros((B, width, T, len(source)), dtype) if attends else None,
    ]  # fmt: skip


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("options", NETWORKS, ids=lambda options: " ".join(options) or "plain")
def test_both_kernels_find_what_the_search_over_steps_finds(options: dict[str, Any], sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    B, S = 9, 6
    source, lengths = rng.integers(6, size=(S, B)).astype(np.int32), rng.integers(1, S + 1, B).astype(np.int32)
    limits, least = np.arange(B, dtype=np.int32), rng.integers(0, 3, B).astype(np.int32)
    net, exact = networks(options, *sizes)
    for width in (1, 2, 3, 5, 8):
        step, state = exact.start(source, lengths)
        expected = search.beam(
            step, state, width=width, start_id=START, end_id=END, max_lengths=limits, min_lengths=least
        )
        for kernel, network, bound in [(native("beam"), net, 1e-4), (reference.beam, exact, 1e-12)]:
            args = called(network, source, lengths, limits, least, width)
            kernel(*args)
            ids, log_probs, n, own_end, attended = args[-5:]
            for b, candidates in enumerate(expected):
                found = [k for k in range(width) if n[b, k]]
                found.sort(key=lambda k: -log_probs[b, k, : n[b, k]].mean(dtype=np.float64))
                assert [ids[b, k, : n[b, k]].tolist() for k in found] == [[*c.ids, END] for c in candidates]
                assert [bool(own_end[b, k]) for k in found] == [c.finished for c in candidates]
                for k, candidate in zip(found, candidates, strict=True):
                    np.testing.assert_allclose(log_probs[b, k, : n[b, k]], candidate.log_probs, atol=bound, rtol=0)
                    if attended is not None:
                        np.testing.assert_allclose(attended[b, k, : n[b, k]], candidate.attended, atol=bound, rtol=0)


def run(args: list[Any], isa: str) -> tuple[list[Any], list[Any]]:
    """Return the arguments after the reference has run, and after its compiled twin has."""
    expected, actual = cast(args, np.float32), cast(args, np.float32)
    reference.beam(*expected)
    native("beam", isa)(*actual)
    return expected, actual


@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
@pytest.mark.parametrize("width", [1, 2, 3, 7, 16])
def test_of_equals_the_better_hypothesis_and_then_the_lower_id_goes_first(isa: str, width: int) -> None:
    args = arguments("beam", {"T": 6, "B": 4, "width": width, "V": 5, "D": 3, "H": 4})
    args[3][:], args[4][:], args[12][:] = 0, [0, 0, 0, -1, 0], [5, 0, 1, 3]  # no symbol depends on what was read
    expected, actual = run(args, isa)
    for position in (14, 16, 17):
        np.testing.assert_array_equal(actual[position], expected[position])
    assert expected[16][0].all()


@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
def test_a_forbidden_symbol_is_in_no_target(isa: str) -> None:
    args = arguments("beam", {"T": 9, "B": 6, "width": 5, "V": 20, "D": 5, "H": 18, "S": 4, "M": 22})
    args[4][3:12] = -np.inf
    args[12][:] = 8
    expected, actual = run(args, isa)
    np.testing.assert_array_equal(actual[16], expected[16])
    for b, k in itertools.product(range(6), range(5)):
        n = actual[16][b, k]
        assert n > 0
        np.testing.assert_array_equal(actual[14][b, k, :n], expected[14][b, k, :n])
        assert not set(actual[14][b, k, :n].tolist()) & set(range(3, 12))


@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
def test_where_nothing_but_the_end_is_allowed_each_source_has_one_target(isa: str) -> None:
    args = arguments("beam", {"T": 9, "B": 3, "width": 4, "V": 20, "D": 5, "H": 18})
    args[4][1:] = -np.inf
    args[13][:] = [0, 1, 0]  # to say one symbol at least is then impossible
    expected, actual = run(args, isa)
    for after in (expected, actual):
        assert after[16].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]


@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_network_of_nothing_but_nan_still_gives_a_target(isa: str, width: int) -> None:
    args = arguments("beam", {"T": 7, "B": 3, "width": width, "V": 20, "D": 5, "H": 18})
    args[4][5] = np.nan
    expected, actual = run(args, isa)
    assert expected[16][:, 0].all()
    for position in (14, 16, 17):
        np.testing.assert_array_equal(actual[position], expected[position])
