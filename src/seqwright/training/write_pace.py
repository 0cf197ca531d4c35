"""How often a file that can be written after each measurement is written."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

__all__ = ["WritePace"]

SHARE = 0.005  # of the time of a training, for one such file: with few pairs, epochs take hardly longer than writing


class WritePace:
    """Limits the share of a training's time that writing a file takes.

    every_s: the longest time between two writes.   each: there is no limit.
    """

    def __init__(self, clock: Callable[[], float], *, every_s: float, each: bool = False) -> None:
        self._clock, self._every_s, self._each = clock, every_s, each
        self._due_at = -math.inf

    def due(self) -> bool:
        """Return whether the file may be written now."""
        return self._each or self._clock() >= self._due_at

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Measure how long the write in this context takes."""
        began = self._clock()
        yield
        ended = self._clock()
        self._due_at = ended + min((ended - began) / SHARE, self._every_s)
