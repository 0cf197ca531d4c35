"""What compiled searches find where something is special: equal totals, forbidden symbols, NaN, no way out."""

import itertools
from typing import Any

import kernel_cases
import numpy as np
import pytest
from kernel_cases import INSTRUCTION_SETS, arguments, cast, native

from seqwright.kernels import reference
from seqwright.kernels.reference.decoding import ensemble_step
from seqwright.kernels.reference.sample import chances
from seqwright.search import automaton

pytestmark = pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
every_isa = pytest.mark.parametrize("isa", INSTRUCTION_SETS)


def run(kernel: str, args: list[Any], isa: str) -> tuple[list[Any], list[Any]]:
    """Return the outputs after the reference has run, and after its compiled twin has."""
    expected, actual = cast(args, np.float32), cast(args, np.float32)
    getattr(reference, kernel)(*expected)
    native(kernel, isa)(*actual)
    return expected[-5:], actual[-5:]


def assert_same_targets(expected: list[Any], actual: list[Any]) -> None:
    for position in (0, 2, 3):
        np.testing.assert_array_equal(actual[position], expected[position])


@every_isa
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("width", [2, 4, 6, 16])
def test_of_equals_the_better_hypothesis_and_then_the_lower_id_goes_first(isa: str, width: int, groups: int) -> None:
    args = arguments("beam", {"T": 6, "B": 4, "width": width, "V": 5, "D": 3, "H": 4, "groups": groups})
    d = args[0][0]
    d.W[:], d.b[:], args[4][:] = 0, [0, 0, 0, -1, 0], [5, 0, 1, 3]  # no symbol depends on what was read
    expected, actual = run("beam", args, isa)
    assert_same_targets(expected, actual)
    assert expected[2][0].all()


@every_isa
@pytest.mark.parametrize("members", [1, 3])
def test_a_forbidden_symbol_is_in_no_target(isa: str, members: int) -> None:
    sizes = {"T": 9, "B": 6, "width": 5, "V": 20, "D": 5, "H": 18, "S": 4, "M": 22, "members": members}
    args = arguments("beam", sizes)
    for d in args[0]:
        d.b[3:12] = -np.inf
    args[4][:] = 8
    expected, actual = run("beam", args, isa)
    np.testing.assert_array_equal(actual[2], expected[2])
    for b, k in itertools.product(range(6), range(5)):
        n = actual[2][b, k]
        assert n > 0
        np.testing.assert_array_equal(actual[0][b, k, :n], expected[0][b, k, :n])
        assert not set(actual[0][b, k, :n].tolist()) & set(range(3, 12))


@every_isa
def test_where_nothing_but_the_end_is_allowed_each_source_has_one_target(isa: str) -> None:
    args = arguments("beam", {"T": 9, "B": 3, "width": 4, "V": 20, "D": 5, "H": 18})
    args[0][0].b[1:] = -np.inf
    args[5][:] = [0, 1, 0]  # to say one symbol at least is then impossible
    expected, actual = run("beam", args, isa)
    for after in (expected, actual):
        assert after[2].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]


@every_isa
def test_where_nothing_may_follow_there_is_no_sample(isa: str) -> None:
    args = arguments("sample", {"T": 9, "B": 3, "width": 2, "V": 20, "D": 5, "H": 18})
    args[0][0].b[1:] = -np.inf
    args[5][:] = [0, 1, 0]
    expected, actual = run("sample", args, isa)
    for after in (expected, actual):
        assert after[2].tolist() == [[1, 1], [0, 0], [1, 1]]


@every_isa
@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_network_of_nothing_but_nan_still_gives_a_target(isa: str, width: int, members: int) -> None:
    args = arguments("beam", {"T": 7, "B": 3, "width": width, "V": 20, "D": 5, "H": 18, "members": members})
    args[0][-1].b[5] = np.nan
    expected, actual = run("beam", args, isa)
    assert expected[2][:, 0].all()
    assert_same_targets(expected, actual)


@every_isa
@pytest.mark.parametrize("options", [{}, {"top_k": 3}, {"top_p": 0.5}, {"temperature": 1e-30}, {"members": 2}], ids=str)
def test_a_sample_from_nan_is_no_crash(isa: str, options: dict[str, Any]) -> None:
    sizes = {"T": 7, "B": 3, "width": 2, "V": 20, "D": 5, "H": 18, "constrained": True}
    args = cast(arguments("sample", sizes | options), np.float32)
    args[0][0].b[5] = np.nan
    native("sample", isa)(*args)


@every_isa
def test_a_list_is_kept_to_where_the_network_gives_it_no_probability(isa: str) -> None:
    for kernel, members in itertools.product(("beam", "sample"), (1, 3)):
        sizes = {"T": 9, "B": 3, "width": 2, "V": 20, "D": 5, "H": 18, "members": members}
        args = arguments(kernel, sizes)
        for d in args[0]:
            d.b[[7, 9]] = -np.inf
        listed = [[7, 9, 3], [7, 9]]
        args[1], args[4][:] = automaton.listed(listed).arrays, 8
        expected, actual = run(kernel, args, isa)
        np.testing.assert_array_equal(actual[2], expected[2])
        for b, k in itertools.product(range(3), range(2)):
            n = actual[2][b, k]
            assert actual[0][b, k, : n - 1].tolist() in listed
            assert actual[1][b, k, 0] == expected[1][b, k, 0] == -1e4


@every_isa
def test_what_no_member_can_hold_as_a_number_keeps_its_logarithm(isa: str) -> None:
    args = arguments("beam", {"T": 3, "B": 1, "width": 1, "V": 4, "D": 3, "H": 4, "members": 2})
    for d in args[0]:
        d.W[:], d.b[:] = 0, [-300, -200, -np.inf, 0]
    args[1], args[4][:] = automaton.listed([[1]]).arrays, 2
    expected, actual = run("beam", args, isa)
    np.testing.assert_allclose(actual[1][0, 0, :2], [-200, -300], rtol=1e-6)
    np.testing.assert_allclose(expected[1][0, 0, :2], [-200, -300], rtol=1e-6)


@every_isa
def test_draws_come_as_often_as_their_chances(isa: str) -> None:
    V, n = 7, 40_000
    for options in ({}, {"temperature": 0.6}, {"top_k": 3}, {"top_p": 0.7}, {"temperature": 2.0, "top_k": 4}):
        args = cast(arguments("sample", {"T": 2, "B": 1, "width": n, "V": V, "D": 3, "H": 4} | options), np.float32)
        args[4][:], args[5][:] = 1, 0
        args[6][:] = np.random.default_rng(0).random(args[6].shape, np.float32)
        native("sample", isa)(*args)
        log_p, _ = ensemble_step(cast(args[0], np.float64), np.array([V - 1]), 0)
        often = np.bincount(args[-5][0, :, 0], minlength=V) / n
        np.testing.assert_allclose(often, chances(log_p[0], **options), atol=4 * np.sqrt(0.25 / n))


@every_isa
@pytest.mark.parametrize("options", [{"top_k": 3}, {"top_p": 0.14}], ids=str)
def test_of_equally_likely_symbols_the_lower_ids_are_drawn(isa: str, options: dict[str, Any]) -> None:
    args = arguments("sample", {"T": 2, "B": 1, "width": 300, "V": 20, "D": 3, "H": 4} | options)
    args[0][0].W[:], args[0][0].b[:], args[4][:], args[5][:] = 0, 0, 1, 0
    expected, actual = run("sample", args, isa)
    assert set(actual[0][0, :, 0].tolist()) == set(expected[0][0, :, 0].tolist()) == {0, 1, 2}
