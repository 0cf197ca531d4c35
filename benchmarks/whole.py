"""Real trainings from the first step to the last measurement, and which share of that time the steps took.

The rest is drawing batches, decoding the dev set, and writing checkpoints and models, each with its share. This process
never loads PyTorch, so that its peak memory is that of a training.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import machine, memory, recipes
from seqwright import config, training
from seqwright.data import batches
from seqwright.training.checkpointer import Checkpointer
from seqwright.training.events import Measured
from seqwright.training.loop import Loop
from seqwright.training.model_writer import ModelWriter

__all__ = ["measure"]


def measure(*, only: list[str], threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each training, which runs once."""
    for recipe in recipes.chosen(only):
        yield _row(recipe, threads)


class _Parts:
    """Seconds by part of the training, from the first step until the last measurement was saved."""

    def __init__(self) -> None:
        self._seconds = dict.fromkeys(("steps", "batches", "dev", "checkpoints", "models"), 0.0)
        self._began = 0.0
        self.pairs, self.passed, self.shares = 0, 0.0, dict[str, float]()

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """Time the methods that are the parts, while the context is entered."""
        drawn, step = batches.batches, Loop._step

        def counted(loop: Loop, batch: batches.Batch) -> float:
            self.pairs += len(batch.index)
            return step(loop, batch)

        with contextlib.ExitStack() as changed:
            for owner, name, part, function in (
                (Loop, "_step", "steps", counted),
                (Loop, "_measure", "dev", Loop._measure),
                (Loop, "_examples", "batches", Loop._examples),
                (Checkpointer, "save", "checkpoints", Checkpointer.save),
                (ModelWriter, "save", "models", ModelWriter.save),
            ):
                changed.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, self._timed(part, function))
            changed.callback(setattr, batches, "batches", drawn)
            batches.batches = lambda *args, **options: self._drawn(drawn(*args, **options))
            yield

    def listen(self, event: object) -> None:
        """Take the times at the last measurement: a listener receives it when all is saved."""
        if isinstance(event, Measured):
            self.passed = time.perf_counter() - self._began
            self.shares = {part: seconds / self.passed for part, seconds in self._seconds.items()}

    def _timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            began = time.perf_counter()
            if part == "steps":
                self._began = self._began or began
            result = function(*args)
            if self._began:
                self._seconds[part] += time.perf_counter() - began
            return result

        return timed

    def _drawn(self, epoch: Iterator[batches.Batch]) -> Iterator[batches.Batch]:
        draw = self._timed("batches", lambda: next(epoch, None))
        while (batch := draw()) is not None:
            yield batch


def _row(recipe: recipes.Recipe, threads: int) -> dict[str, Any]:
    """Run a training with the recipe's settings, shortened, and time its parts."""
    found = _Parts()
    settings = config.parse({}, [*recipe.settings, *recipe.whole, "training.report=false"])
    dev = None if recipe.dev is None else recipes.DATA / recipe.dev
    neighbours = machine.Neighbours()
    with found.timed(), tempfile.TemporaryDirectory() as folder:
        training.train(recipes.DATA / recipe.train, dev=dev, output=folder, config=settings, listen=found.listen)
    return {
        "training": recipe.name,
        "threads": threads,
        "pairs": found.pairs,
        "seconds": found.passed,
        "pairs_a_second": found.pairs / found.passed,
        **{f"share_in_{part}": share for part, share in found.shares.items()},
        "neighbours_share": neighbours.share(),
        "peak_mb": memory.peak_mb(),
    }
