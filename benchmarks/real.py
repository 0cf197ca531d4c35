"""Training steps as `seqwright train` takes them: real data, ragged batches, dropout, smoothing; ours and PyTorch's.

A turn is one pass over some batches of an epoch, a step each. PyTorch counts with the faster of its two ways to read
ragged batches. With `--whole`, a training runs from its first step to its last measurement, and its row states which
share of that time the steps took: the rest is drawing batches, decoding the dev set, writing checkpoints.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import agreement, machine, memory, peer_recipe, recipes, timing
from seqwright import config, training
from seqwright.training.events import Measured
from seqwright.training.loop import Loop, optimizer

__all__ = ["measure"]

BATCHES = 8  # of each training


def measure(*, steps: int, only: list[str], threads: int, whole: bool = False) -> Iterator[dict[str, Any]]:
    """Yield a row for each training. Loss and gradients of both parties are compared before anything is timed."""
    for recipe in recipes.chosen(only):
        yield _whole(recipe, threads) if whole else _steps(recipe, steps, threads)


def _steps(recipe: recipes.Recipe, rounds: int, threads: int) -> dict[str, Any]:
    prepared = recipe.prepared()
    net, drawn = recipes.drawn(prepared, BATCHES)
    settings = prepared.config.optim
    assert settings.learning_rate is not None and settings.clip_norm is not None, "set by the recipe"
    difference = max(agreement.check_recipe(net, drawn[0], packed=packed) for packed in (False, True))
    tensors = [peer_recipe.Tensors.of(net, batch) for batch in drawn]
    rivals = {
        name: peer_recipe.Training(
            peer_recipe.Network(net, packed=name == "packed"), learning_rate=settings.learning_rate,
            clip_norm=settings.clip_norm,
        )
        for name in ("padded", "packed")
    }  # fmt: skip
    rng, adam = np.random.default_rng(3), optimizer(settings, settings.learning_rate)

    def ours() -> None:
        for batch in drawn:
            net.loss(*batch[:4], rng, read=batch.read, copied=batch.copied)
            net.backward()
            adam.update(net.params, net.grads)

    def theirs(rival: peer_recipe.Training) -> None:
        for batch in tensors:
            rival.step(batch)

    neighbours = machine.Neighbours()
    turns = {name: (lambda rival=rival: theirs(rival)) for name, rival in rivals.items()}
    seconds = timing.interleaved({"ours": ours, **turns}, rounds=rounds)
    faster = min(rivals, key=lambda name: statistics.median(seconds[name]))
    pairs = sum(len(batch.source_lengths) for batch in drawn)
    return {
        "training": recipe.name,
        "threads": threads,
        "ours_ms": timing.spread(seconds["ours"], 1e3 / BATCHES),
        "torch_ms": timing.spread(seconds[faster], 1e3 / BATCHES),
        "torch_reads": faster,
        "ratio": timing.ratio(seconds[faster], seconds["ours"]),
        "pairs_a_second": pairs / statistics.median(seconds["ours"]),
        "neighbours_share": neighbours.share(),
        "parameters": net.params.flat.size,
        "gradient_difference": difference,
        "peak_mb_of_both": memory.peak_mb(),
    }


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


def _whole(recipe: recipes.Recipe, threads: int) -> dict[str, Any]:
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
