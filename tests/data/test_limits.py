"""What the lengths of a training allow its model."""

import pytest

from seqwright.data.limits import MOST_CELLS, MOST_TOKENS, Limits

LIMITS = Limits(longest_target=10, ratio=2.0, shortest_target=3, longest_source=40)


@pytest.mark.parametrize(("source_length", "expected"), [(0, 5), (1, 5 + 3), (4, 5 + 12), (100, 5 + 20)])
def test_an_answer_may_be_longer_than_any_in_training_but_not_without_end(source_length: int, expected: int) -> None:
    assert LIMITS.max_length(source_length) == expected


@pytest.mark.parametrize(("shortest", "expected"), [(0, 0), (1, 1), (2, 1), (3, 2), (10, 5)])
def test_an_answer_may_be_shorter_than_any_in_training_but_empty_only_where_a_target_was(
    shortest: int, expected: int
) -> None:
    limits = Limits(longest_target=10, ratio=2.0, shortest_target=shortest)
    assert limits.min_length(5) == expected
    assert limits.min_length(1) == 0


def test_the_least_length_is_never_above_the_greatest() -> None:
    limits = Limits(longest_target=900, ratio=1.0, shortest_target=800)
    for source_length in range(2, 1000):
        assert limits.min_length(source_length) <= limits.max_length(source_length)


def test_a_source_may_be_twice_as_long_as_any_in_training_before_it_is_cut() -> None:
    assert LIMITS.window == 80
    assert Limits(longest_target=10, ratio=2.0, longest_source=8).window == 50
    assert Limits(longest_target=70, ratio=2.0).window == 140


def test_the_limits_of_two_trainings_hold_for_the_pairs_of_both() -> None:
    other = Limits(longest_target=20, ratio=1.0, shortest_target=1, longest_source=5)
    assert LIMITS.joined(other) == other.joined(LIMITS) == Limits(20, 2.0, 1, 40)


def test_extremes_of_any_size_leave_a_search_that_fits_into_memory() -> None:
    hostile = Limits(1 << 29, float(1 << 29), 1 << 29, 1 << 29)
    assert hostile.window <= MOST_TOKENS
    for source_length in (0, 1, 2, 50, 5_000, hostile.window):
        most = hostile.max_length(source_length)
        assert 1 <= most <= MOST_TOKENS
        assert most * source_length <= MOST_CELLS
        assert hostile.min_length(source_length) <= most
