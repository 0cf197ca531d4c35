"""What a terminal sees of work that takes longer than two seconds."""

import io
import re
import shutil
import sys
import threading

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


def test_work_whose_end_is_unknown_is_shown_with_its_time(watch):
    screen = watch(Screen())
    drawn = threading.Event()
    screen.flush = drawn.set  # rich writes, then flushes
    with progress.busy("reading the pairs"):
        assert drawn.wait(30)
    assert "reading the pairs … 0:00:00" in re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", screen.getvalue())


@pytest.mark.parametrize(("is_terminal", "patience"), [(True, 60.0), (False, -1.0)])
def test_work_that_is_soon_done_or_unwatched_shows_nothing(watch, is_terminal, patience):
    screen = watch(Screen(is_terminal=is_terminal), patience=patience)
    threads = set(threading.enumerate())
    with pytest.raises(KeyError), progress.busy("reading the pairs"):
        raise KeyError
    assert screen.getvalue() == ""
    assert set(threading.enumerate()) <= threads


@pytest.mark.parametrize("command", ["train", "check", "report"])
def test_a_command_that_reads_shows_for_how_long(command, watch, model, pairs, monkeypatch):
    arguments = {"train": [pairs, "--print-config"], "check": [pairs], "report": [model, pairs]}
    begun = []
    busy = progress.busy
    monkeypatch.setattr(progress, "busy", lambda what: begun.append(what) or busy(what))
    watch(Screen(), patience=60.0)
    assert main([command, *map(str, arguments[command])]) == 0
    assert len(begun) == 1


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
