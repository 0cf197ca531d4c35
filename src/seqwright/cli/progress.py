"""How far a long answering has come, where somebody watches."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["counted", "shown"]

PATIENCE_S = 2.0  # what is done before needs no bar


@contextlib.contextmanager
def shown(path: str) -> Iterator[Callable[[int, int], None]]:
    """Lend a function to be told how many lines and bytes of the input are done.

    It draws a bar on standard error where that is a terminal and the answers go elsewhere; a packed file and a pipe
    have no known length, so their lines are counted.
    """
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda _n_lines, _n_bytes: None
        return
    with _bar("lines") as show:
        n_in_all = size(path)
        yield lambda n_lines, n_bytes: show(n_lines, n_bytes, n_in_all)


@contextlib.contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """Lend a function to be told how many are done, of how many.   what: their name, such as "answers".

    It draws a bar on standard error where that is a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _n: None
        return
    with _bar(what) as show:
        yield lambda done, n: show(done, done, n)


@contextlib.contextmanager
def _bar(what: str) -> Iterator[Callable[[int, float, float | None], None]]:
    """Lend a function to be told the number that is shown, and the share that is done as a part of a whole."""
    # Imported here, not above: the first answer of a filter does not wait for it.
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
    """Return the bytes of a file that is read as it is."""
    if path == "-" or path.lower().endswith((".gz", ".zst")) or not Path(path).is_file():
        return None
    return Path(path).stat().st_size
