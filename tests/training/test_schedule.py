"""The learning rate over a training."""

import pytest

from seqwright.training.schedule import rate_factor


def test_the_rate_rises_in_a_line_while_it_warms_up():
    for schedule in ("constant", "cosine"):
        factors = [rate_factor(share, schedule=schedule, warmup=0.1) for share in (0, 0.05, 0.1)]
        assert factors == pytest.approx([0, 0.5, 1])


def test_a_constant_rate_stays():
    assert rate_factor(0.5, schedule="constant", warmup=0.1) == rate_factor(1, schedule="constant", warmup=0) == 1


def test_half_a_cosine_falls_from_all_to_a_fiftieth():
    factors = [rate_factor(share / 100, schedule="cosine", warmup=0.2) for share in range(20, 121)]
    assert factors[0] == 1
    assert factors[40] == pytest.approx(0.51)  # half way between 1 and 0.02
    assert factors[80:] == pytest.approx([0.02] * 21)  # also a little past the end
    assert factors == sorted(factors, reverse=True)
