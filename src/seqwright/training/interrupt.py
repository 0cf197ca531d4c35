"""Delay Ctrl-C to the end of a training step."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

__all__ = ["deferred"]


@contextlib.contextmanager
def deferred() -> Iterator[Callable[[], bool]]:
    """Catch the first SIGINT, and yield a function that returns whether one arrived; a second one interrupts at once.

    Nothing changes outside the main thread, where signals cannot be caught, or if another handler is installed.
    """
    arrived = False

    def remember(_number: int, _frame: FrameType | None) -> None:
        nonlocal arrived
        if arrived:
            raise KeyboardInterrupt
        arrived = True

    catches = threading.current_thread() is threading.main_thread()
    catches = catches and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if catches:
        signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: arrived
    finally:
        if catches:
            signal.signal(signal.SIGINT, signal.default_int_handler)
