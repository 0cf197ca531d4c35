"""What a terminal sees of work that takes longer than two seconds."""

import io
import shutil
import sys

import pytest

from seqwright.cli import progress
from seqwright.cli.main import main


class Screen(io.StringIO):
    def __init__(self, *, is_terminal: bool = True) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture
def watch(monkeypatch):
    """Return a function that puts a screen in the place of standard error, and lets a bar begin after so many seconds.

    To be called by the test itself: what a fixture puts there is not what its test has.
    """

    def watch(screen, *, patience=-1.0):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setattr(progress, "PATIENCE_S", patience)
        return screen

    return watch


def counted(n):
    with progress.counted("answers") as show:
        show(n // 4, n)
        show(n, n)


def test_a_bar_shows_how_many_are_done(watch):
    screen = watch(Screen())
    counted(40)
    assert "40 answers" in screen.getvalue()


def test_nothing_is_drawn_for_what_is_done_at_once(watch):
    screen = watch(Screen(), patience=60.0)
    counted(40)
    assert screen.getvalue() == ""


def test_nothing_is_drawn_without_a_terminal(watch):
    screen = watch(Screen(is_terminal=False))
    counted(40)
    assert screen.getvalue() == ""


@pytest.mark.parametrize("command", ["evaluate", "compare", "suggest", "export", "join"])
def test_a_command_that_measures_shows_how_far_it_is(command, watch, model, pairs, tmp_path):
    arguments = {
        "evaluate": [model, pairs],
        "compare": [model, model, pairs],
        "suggest": [model, pairs],
        "export": [model, "--int8", "--data", pairs],
        "join": [model, shutil.copytree(model, tmp_path / "copy"), "--data", pairs, "-o", tmp_path / "both"],
    }
    screen = watch(Screen())
    assert main([command, *map(str, arguments[command])]) == 0
    assert "answers/s" in screen.getvalue()
