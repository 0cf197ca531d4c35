"""Groups of items, their accuracies and confidence intervals."""

import itertools

import pytest
from handmade import made
from hypothesis import given
from hypothesis import strategies as st

from seqwright.report import groups
from seqwright.report.calibration import Bin, calibrate


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=80))
def test_every_item_is_in_one_group_of_length_and_no_length_in_two(rows):
    items = made(*(("a" * length, "x", "x" if right else "y") for length, right in rows))
    bars = groups.by_length(items)
    assert sum(bar.n for bar in bars) == len(items)
    assert sum(bar.n * bar.value for bar in bars) == pytest.approx(100 * sum(right for _, right in rows))
    ends = [tuple(map(int, bar.label.split("–"))) for bar in bars]
    assert all(one[-1] < other[0] for one, other in itertools.pairwise(ends))
    assert len(bars) <= groups.N_LENGTHS + 1


def test_items_are_grouped_by_the_rarest_symbol_of_their_source():
    items = made(
        ("ab", "x", "x"), ("b", "x", "y"), ("aq", "x", "x"), ("c", "x", "x"), ("", "x", "y"),
        counts={"a": 5000, "b": 9, "c": 10},
    )  # fmt: skip
    bars = groups.by_rarity(items)
    assert [(bar.label, bar.n, bar.value) for bar in bars] == [("never", 2, 50), ("1–9", 2, 50), ("10–99", 1, 100)]


def test_the_best_of_n_counts_answers_up_to_the_nth():
    items = made(("a", "x", "x|y|z"), ("b", "y", "x|y|z"), ("c", "z", "x|y|z"), ("d", "q", "x|y"))
    assert [bar.value for bar in groups.best_of(items)] == [25, 50, 75]


@pytest.mark.parametrize(("n_right", "n"), [(0, 1), (1, 1), (5, 10), (81, 263), (9999, 10000)])
def test_the_interval_holds_the_share_and_its_ends_solve_the_score_equation(n_right, n):
    low, high = (bound / 100 for bound in groups.wilson(n_right, n))
    share = n_right / n
    assert low <= share <= high
    for bound in (low, high):
        if 0 < bound < 1:
            assert abs(share - bound) == pytest.approx(1.96 * (bound * (1 - bound) / n) ** 0.5)


def test_calibration_is_counted_by_bins():
    found = calibrate([0.92, 0.98, 0.94, 0.31, 0.39], [True, True, False, False, True])
    assert found.bins == [
        Bin(2, pytest.approx(0.35), 0.5),
        Bin(3, pytest.approx(0.94667, abs=1e-4), pytest.approx(2 / 3)),
    ]
    assert found.error == pytest.approx((2 * 0.15 + 3 * 0.28) / 5)


@pytest.mark.parametrize("right", [True, False])
def test_certainty_is_in_the_last_bin(right):
    found = calibrate([1.0], [right])
    assert found.bins == [Bin(1, 1.0, float(right))]
    assert found.error == float(not right)
