"""Training steps as `seqwright train` takes them: real data, ragged batches, dropout, smoothing; ours and PyTorch's.

A turn is one pass over some batches of an epoch, short and long ones, a step each. PyTorch counts with the faster of
its two ways to read ragged batches.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import agreement, machine, peer, recipes, timing
from seqwright.engines.pytorch.tensors import masks
from seqwright.training.loop import optimizer

__all__ = ["measure"]


def measure(*, steps: int, only: list[str], threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each training. Loss and gradients of both parties are compared before anything is timed."""
    for recipe in recipes.chosen(only):
        yield _row(recipe, steps, threads)


def _row(recipe: recipes.Recipe, rounds: int, threads: int) -> dict[str, Any]:
    prepared = recipe.prepared()
    net, drawn = recipes.drawn(prepared, recipe.n_batches)
    settings = prepared.config.optim
    assert settings.learning_rate is not None and settings.clip_norm is not None, "set by the recipe"
    inputs = [net.inputs(*batch[:4], read=batch.read, copied=batch.copied) for batch in drawn]
    difference = max(agreement.check_gradients(net, inputs[0], packed=packed) for packed in (False, True))
    shapes = [masks(net.spec, one.source.shape[1], np.random.default_rng(2)) for one in inputs]
    tensors = [peer.batch(net, *both) for both in zip(inputs, shapes, strict=True)]
    rivals = {
        name: peer.Training(
            peer.network(net, packed=name == "packed"), learning_rate=settings.learning_rate,
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

    def theirs(rival: peer.Training) -> None:
        for batch in tensors:
            rival.step(batch._replace(masks=peer.redrawn(batch.masks, net.spec.dropout)))

    neighbours = machine.Neighbours()
    turns = {name: (lambda rival=rival: theirs(rival)) for name, rival in rivals.items()}
    seconds = timing.interleaved({"ours": ours, **turns}, rounds=rounds)
    faster = min(rivals, key=lambda name: statistics.median(seconds[name]))
    pairs = sum(len(batch.source_lengths) for batch in drawn)
    return {
        "training": recipe.name,
        "threads": threads,
        "ours_ms": timing.spread(seconds["ours"], 1e3 / recipe.n_batches),
        "torch_ms": timing.spread(seconds[faster], 1e3 / recipe.n_batches),
        "torch_reads": faster,
        "ratio": timing.ratio(seconds[faster], seconds["ours"]),
        "pairs_a_second": pairs / statistics.median(seconds["ours"]),
        "neighbours_share": neighbours.share(),
        "parameters": net.params.flat.size,
        "gradient_difference": difference,
    }
