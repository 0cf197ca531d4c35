"""How far a long answering has come, where somebody watches."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["shown"]

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
    # Imported here, not above: the first answer of a filter does not wait for it.
    from rich import console, progress

    count = progress.TextColumn("{task.fields[n_lines]:,} lines, {task.fields[rate]:,.0f} lines/s")
    bar = progress.Progress(
        progress.BarColumn(), count, progress.TimeRemainingColumn(), console=console.Console(stderr=True),
        transient=True,
    )  # fmt: skip
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        task = bar.add_task("", total=size(path), n_lines=0, rate=0.0)

        def show(n_lines: int, n_bytes: int) -> None:
            elapsed = time.monotonic() - began
            if elapsed > PATIENCE_S and not bar.live.is_started:
                stack.enter_context(bar)
            bar.update(task, completed=n_bytes, n_lines=n_lines, rate=n_lines / max(elapsed, 1e-9))

        yield show


def size(path: str) -> int | None:
    """Return the bytes of a file that is read as it is."""
    if path == "-" or path.lower().endswith((".gz", ".zst")) or not Path(path).is_file():
        return None
    return Path(path).stat().st_size
