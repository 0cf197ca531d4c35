"""The bootstrap and McNemar's test, against enumeration and closed forms."""

import itertools
import math

import numpy as np
import pytest

from seqwright.evaluation import significance


def bootstrap(a, b, *, n_resamples=10_000, seed=1, weights=None):
    one = np.ones(len(a)) if weights is None else np.array(weights, float)
    rng = np.random.default_rng(seed)
    return significance.paired_bootstrap(np.array(a), np.array(b), one, one, rng=rng, n_resamples=n_resamples)


def test_a_system_does_not_differ_from_itself():
    result = bootstrap([1, 0, 1, 1], [1, 0, 1, 1])
    assert (result.value, result.low, result.high, result.p, result.b_higher) == (0, 0, 0, 1, 0)


def test_exchanging_the_systems_exchanges_the_signs():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 60))
    one, other = bootstrap(a, b), bootstrap(b, a)
    assert (other.value, other.low, other.high) == pytest.approx((-one.value, -one.high, -one.low))
    assert other.p == one.p


def test_the_share_of_resamples_is_that_of_all_possible_ones():
    a, b, tokens = [3, 0, 2, 1], [1, 1, 1, 1], [4, 2, 5, 3]
    drawn = [list(index) for index in itertools.product(range(4), repeat=4)]
    a_, b_, n = np.array(a), np.array(b), np.array(tokens)
    exact = [100 * (b_[i].sum() - a_[i].sum()) / n[i].sum() for i in drawn]
    result = bootstrap(a, b, weights=tokens, n_resamples=40_000)
    assert result.value == pytest.approx(100 * (4 - 6) / 14)
    assert result.b_higher == pytest.approx(np.mean(np.array(exact) > 0), abs=0.01)
    fewer = min(np.mean(np.array(exact) >= 0), np.mean(np.array(exact) <= 0))
    assert result.p == pytest.approx(min(1, 2 * fewer), abs=0.02)


def test_the_interval_is_that_of_the_normal_approximation_where_there_are_many_items():
    rng = np.random.default_rng(3)
    a, b = rng.random(2000) < 0.80, rng.random(2000) < 0.83
    result = bootstrap(a.astype(float), b.astype(float))
    d = b.astype(float) - a
    half = 1.96 * 100 * d.std() / math.sqrt(len(d))
    assert (result.low, result.high) == pytest.approx((100 * d.mean() - half, 100 * d.mean() + half), abs=0.15)


def test_without_a_difference_one_test_in_twenty_is_significant():
    rng = np.random.default_rng(4)
    found = [bootstrap(*rng.integers(0, 2, (2, 100)), n_resamples=400, seed=i).p < 0.05 for i in range(400)]
    assert 0.02 < np.mean(found) < 0.09


def test_p_is_below_a_twentieth_exactly_where_the_interval_leaves_zero_out():
    rng = np.random.default_rng(5)
    for i in range(40):
        result = bootstrap(*rng.binomial(1, [[0.7], [0.78]], (2, 200)), n_resamples=1999, seed=i)
        if abs(result.p - 0.05) > 0.01:
            assert (result.p < 0.05) == (not result.low <= 0 <= result.high)


def test_the_size_of_a_chunk_changes_nothing_but_memory(monkeypatch):
    whole = bootstrap([1, 0, 1, 1, 0], [1, 1, 1, 1, 0], n_resamples=100)
    monkeypatch.setattr(significance, "CHUNK_ITEMS", 7)
    assert bootstrap([1, 0, 1, 1, 0], [1, 1, 1, 1, 0], n_resamples=100) == whole


@pytest.mark.parametrize(("n_a", "n_b"), [(0, 0), (3, 3), (1, 0), (2, 9), (9, 2), (25, 40)])
def test_mcnemar_is_the_binomial_test(n_a, n_b):
    n = n_a + n_b
    tail = sum(math.comb(n, k) for k in range(min(n_a, n_b) + 1)) / 2**n
    assert significance.mcnemar(n_a, n_b) == pytest.approx(min(1, 2 * tail))


def test_mcnemar_holds_for_many_items():
    assert significance.mcnemar(5000, 5400) == pytest.approx(
        math.erfc(399 / math.sqrt(2 * 10400)), rel=0.01
    )  # with continuity correction
