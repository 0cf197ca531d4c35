"""Ctrl-C between two steps instead of in the middle of one."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

__all__ = ["deferred"]


@contextlib.contextmanager
def deferred() -> Iterator[Callable[[], bool]]:
    """Hold the first SIGINT back, and yield a function that tells whether it came; the second one interrupts at once.

    Where signals cannot be caught (outside the main thread) or somebody else catches them, nothing changes.
    """
    came = False

    def remember(_number: int, _frame: FrameType | None) -> None:
        nonlocal came
        if came:
            raise KeyboardInterrupt
        came = True

    in_charge = threading.current_thread() is threading.main_thread()
    in_charge = in_charge and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if in_charge:
        signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: came
    finally:
        if in_charge:
            signal.signal(signal.SIGINT, signal.default_int_handler)
