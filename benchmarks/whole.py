"""Real trainings from the first step to the last measurement, and which share of that time the steps took.

The rest is drawing batches, decoding the dev set, and writing checkpoints and models. This process never loads
PyTorch, so that its peak memory is that of a training.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import machine, memory, recipes
from seqwright import config, training
from seqwright.training.events import Measured
from seqwright.training.loop import Loop

__all__ = ["measure"]


def measure(*, only: list[str], threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each training, which runs once."""
    for recipe in recipes.chosen(only):
        yield _row(recipe, threads)


class _Steps:
    """Seconds inside steps, when the first began, and when the last measurement ended."""

    def __init__(self) -> None:
        self.seconds, self.pairs, self.began, self.ended = 0.0, 0, 0.0, 0.0

    def timed(self, loop: Loop, batch: Any, step: Any) -> float:
        began = time.perf_counter()
        self.began = self.began or began
        loss: float = step(loop, batch)
        self.seconds += time.perf_counter() - began
        self.pairs += len(batch.index)
        return loss

    def listen(self, event: object) -> None:
        if isinstance(event, Measured):
            self.ended = time.perf_counter()


def _row(recipe: recipes.Recipe, threads: int) -> dict[str, Any]:
    """Run a training with the recipe's settings, shortened, and time what is in `Loop._step` and what is not."""
    found, step = _Steps(), Loop._step
    settings = config.parse({}, [*recipe.settings, *recipe.whole, "training.report=false"])
    dev = None if recipe.dev is None else recipes.DATA / recipe.dev
    Loop._step = lambda loop, batch: found.timed(loop, batch, step)  # type: ignore[method-assign]
    neighbours = machine.Neighbours()
    try:
        with tempfile.TemporaryDirectory() as folder:
            training.train(recipes.DATA / recipe.train, dev=dev, output=folder, config=settings, listen=found.listen)
    finally:
        Loop._step = step  # type: ignore[method-assign]
    passed = found.ended - found.began
    return {
        "training": recipe.name,
        "threads": threads,
        "pairs": found.pairs,
        "seconds": passed,
        "pairs_a_second": found.pairs / passed,
        "share_in_steps": found.seconds / passed,
        "neighbours_share": neighbours.share(),
        "peak_mb": memory.peak_mb(),
    }
