"""Interleaved timing: the parties take turns in one run, so that a slow moment of the machine slows all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Turn", "interleaved", "ratio", "spread"]

PAUSE_S = 0.005  # between turns: OpenMP threads spin for about a millisecond after their last work


class Turn(NamedTuple):
    """What one party does in a turn.

    run: the work.   prepare: called before every run, not timed.   repeat: runs to a timed turn, for short work.
    """

    run: Callable[[], object]
    prepare: Callable[[], object] | None = None
    repeat: int = 1


def interleaved(turns: Mapping[str, Turn | Callable[[], object]], *, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of one run in each of `rounds` turns, by party.

    Before the clock starts, a turn does the same work once: caches, pools of threads and allocators are then in the
    state that a long run of this party alone has, not in the one that its neighbour left.
    """
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    parties = {name: turn if isinstance(turn, Turn) else Turn(turn) for name, turn in turns.items()}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, turn in parties.items():
                time.sleep(PAUSE_S)
                _timed(turn._replace(repeat=1))
                seconds[name].append(_timed(turn))
    finally:
        gc.enable()
    return seconds


def _timed(turn: Turn) -> float:
    if turn.prepare is not None:
        assert turn.repeat == 1, "work that needs preparing is timed one run at a time"
        turn.prepare()
    began = time.perf_counter()
    for _ in range(turn.repeat):
        turn.run()
    return (time.perf_counter() - began) / turn.repeat


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> dict[str, float]:
    """Return the spread of the ratios of neighbours in time, numerators[n] / denominators[n]."""
    return spread([a / b for a, b in zip(numerators, denominators, strict=True)])


def spread(values: Sequence[float], scale: float = 1.0) -> dict[str, Any]:
    """Return median, least and greatest of values · scale."""
    return {
        "median": statistics.median(values) * scale,
        "min": min(values) * scale,
        "max": max(values) * scale,
        "n": len(values),
    }
