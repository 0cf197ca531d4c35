"""Growth is shown by slopes in a log–log plot, and the parts of a step add up to the step."""

import pytest

from benchmarks import growth, growth_point, parts
from seqwright import kernels


def test_the_slope_of_a_power_is_its_exponent():
    before, after = ({"value": n, "ms": 3 * n**2, "mb": 5 * n**0.5} for n in (4, 64))
    assert growth.slopes(before, after) == pytest.approx({"slope_ms": 2, "slope_mb": 0.5})


@pytest.mark.parametrize(("axis", "value"), [("H", 8), ("pairs", 100)])
def test_a_point_has_a_time_and_a_memory(axis, value):
    [row] = growth_point.measure(axis=axis, value=value, steps=1, threads=1)
    assert row["ms"] > 0
    assert row["mb"] >= 0


def test_an_unknown_size_is_named():
    with pytest.raises(SystemExit, match="there are T, B, H, V, pairs"):
        next(growth.measure(steps=1, only=["K"], threads=1))


@pytest.mark.usefixtures("data_dir")
def test_the_parts_of_a_step_add_up_to_it_and_the_kernels_are_as_before():
    before = kernels.lstm_forward
    rows = {row["part"]: row for row in parts.measure(steps=1, only=["turkish"], threads=1)}
    assert kernels.lstm_forward is before
    total = sum(row["ms"]["median"] for name, row in rows.items() if name != "step")
    assert total == pytest.approx(rows["step"]["ms"]["median"])
    assert rows["lstm_backward"]["share"] > 0
