"""The live dashboard of a training run."""

import io
import math

import pytest
from rich.console import Console

from seqwright.cli.dashboard import Dashboard
from seqwright.cli.quantities import clock, megabytes, sparkline
from seqwright.training.events import Begun, Example, Measured, Progressed

RIGHT = Example("ember", "ɛmbɛr", "ɛmbɛr", True)
WRONG = Example("kutya", "kucca", "kuca", False)


def progressed(*, loss=0.5, resident_bytes=142_600_000):
    return Progressed(3.21, 0.32, loss, 0.00314, 1234.4, 15210.2, 40, 85, resident_bytes)


def measured(accuracy, *examples):
    return Measured(1, 0.5, accuracy, 20, True, 9, list(examples))


def lines(*events, width=100, encoding="utf-8"):
    """Return the lines on the screen after these events."""
    dashboard = Dashboard()
    for event in events:
        dashboard.hear(event)
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=stream, width=width, force_terminal=True, color_system=None).print(dashboard)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding).splitlines()


def test_it_shows_where_the_training_is_and_how_fast():
    bar, numbers, _ = lines(progressed())
    assert bar.startswith("epoch 3.21 ━")
    assert "32% 1:25 left, ends " in bar
    assert numbers == "loss 0.500   learning rate 0.0031   1,234 pairs/s   15,210 tokens/s   143 MB"


def test_memory_that_is_not_known_is_not_shown():
    assert lines(progressed(resident_bytes=None))[1].endswith("15,210 tokens/s")


def test_the_curve_is_the_loss_until_there_is_one_of_the_dev_accuracy():
    steps = [progressed(loss=loss) for loss in (3, 2, 1)]
    assert lines(*steps)[2] == "loss █▅▁"
    assert lines(*steps, measured(40))[2].endswith("dev exact match 40.0 %   best 40.0 %")
    assert lines(*steps, measured(40), measured(80), measured(60))[2] == "dev exact match ▁█▅ 60.0 %   best 80.0 %"


def test_examples_are_those_of_the_last_measurement_marked_right_or_wrong():
    shown = lines(progressed(), measured(40, WRONG, WRONG), measured(80, RIGHT, WRONG))[3:]
    assert shown == ["✓ ember → ɛmbɛr", "✗ kutya → kucca   should be kuca"]


def test_another_member_begins_with_an_empty_curve():
    assert lines(progressed(), measured(40, RIGHT), Begun(2, 3), progressed())[2:] == ["loss ▁"]


def test_an_example_cannot_control_the_terminal_or_fill_it():
    evil = Example("a\x1b[2Jb\nc\u202ed", "x" * 500, "y", False)
    shown = lines(progressed(), measured(1, evil), width=40)
    assert len(shown) == 4
    assert shown[3].startswith("✗ a\ufffd[2Jb\ufffdc\ufffdd → xxx")
    assert len(shown[3]) == 40


def test_a_terminal_without_unicode_gets_characters_that_it_has():
    shown = lines(progressed(), measured(40), measured(60, Example("a", "b", "c", False)), encoding="ascii")
    assert shown[2:] == ["dev exact match _# 60.0 %   best 60.0 %", "no a -> b   should be c"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (3599.7, "1:00:00"), (90061, "25:01:01")]
)
def test_a_clock_is_read_as_one(seconds, text):
    assert clock(seconds) == text


def test_memory_is_shown_in_millions_of_bytes():
    assert (megabytes(2_345_600_000), megabytes(None)) == ("2,346 MB", "")


@pytest.mark.parametrize(
    ("values", "curve"),
    [([], ""), ([5], "0"), ([2, 2], "00"), ([0, 1, 9], "019"), ([9, 0], "90"), ([0, math.nan, 9, math.inf], "0090")],
)
def test_a_sparkline_is_scaled_from_the_minimum_to_the_maximum(values, curve):
    assert sparkline(values, width=10, levels="0123456789") == curve


def test_a_long_sparkline_keeps_its_shape_and_its_end():
    assert sparkline([*range(99), 0], width=10, levels="0123456789") == "1234567890"
