"""Progress of commands that take more than two seconds, on terminals only."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["busy", "counted", "shown"]

PATIENCE_S = 2.0  # shorter work shows no bar


@contextlib.contextmanager
def busy(what: str) -> Iterator[None]:
    """Return a context manager that displays what is done, and for how long, where the end is unknown.

    It draws on standard error if that is a terminal.   what: such as "reading the pairs".
    """
    if not sys.stderr.isatty():
        yield
        return
    began = time.monotonic()
    with contextlib.ExitStack() as stack:

        def show() -> None:
            # Imported here, not above: shorter work ends sooner without it.
            from rich import console, progress

            columns = progress.SpinnerColumn(), progress.TextColumn("{task.description}"), progress.TimeElapsedColumn()
            shown = progress.Progress(*columns, console=console.Console(stderr=True), transient=True)
            shown.add_task(f"{what} …", total=None)
            shown.tasks[0].start_time = began
            shown.start()
            stack.callback(shown.stop)

        timer = threading.Timer(PATIENCE_S, show)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


@contextlib.contextmanager
def shown(path: str) -> Iterator[Callable[[int, int], None]]:
    """Return a context manager whose value is called with the number of lines and bytes done.

    It draws a bar on standard error if that is a terminal and standard output is not. The length of a compressed file
    or a pipe is unknown; only its lines are counted.
    """
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda _n_lines, _n_bytes: None
        return
    with _bar("lines") as show:
        n_in_all = size(path)
        yield lambda n_lines, n_bytes: show(n_lines, n_bytes, n_in_all)


@contextlib.contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """Return a context manager whose value is called with the number of items done and their total.

    It draws a bar on standard error if that is a terminal.   what: name of the items, such as "answers".
    """
    if not sys.stderr.isatty():
        yield lambda _done, _n: None
        return
    with _bar(what) as show:
        yield lambda done, n: show(done, done, n)


@contextlib.contextmanager
def _bar(what: str) -> Iterator[Callable[[int, float, float | None], None]]:
    """Return a context manager whose value is called with the count to show, and the part done of a whole."""
    # Imported here, not above: a filter writes its first answer sooner without it.
    from rich import console, progress

    count = progress.TextColumn(f"{{task.fields[number]:,}} {what}, {{task.fields[rate]:,.0f}} {what}/s")
    bar = progress.Progress(
        progress.BarColumn(), count, progress.TimeRemainingColumn(), console=console.Console(stderr=True),
        transient=True,
    )  # fmt: skip
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        task = bar.add_task("", total=None, number=0, rate=0.0)

        def show(number: int, part: float, whole: float | None) -> None:
            elapsed = time.monotonic() - began
            if elapsed > PATIENCE_S and not bar.live.is_started:
                stack.enter_context(bar)
            bar.update(task, completed=part, total=whole, number=number, rate=number / max(elapsed, 1e-9))

        yield show


def size(path: str) -> int | None:
    """Return the size of an uncompressed file in bytes."""
    if path == "-" or path.lower().endswith((".gz", ".zst")) or not Path(path).is_file():
        return None
    return Path(path).stat().st_size
