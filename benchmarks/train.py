"""A training step, forward + backward + clip + Adam, of each shape: ours, PyTorch's, and the machine's best product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import seqwright
from benchmarks import agreement, limit, machine, peer, shapes, timing

__all__ = ["measure"]


def measure(*, steps: int, only: list[str], threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each shape. Loss and all gradients of both parties are compared before anything is timed."""
    for shape in shapes.chosen(only):
        net, batch = shape.network(), shape.batch()
        inputs = net.inputs(*batch)
        difference = agreement.check_gradients(net, inputs)
        optimizer, theirs = seqwright.Adam(), peer.Training(peer.network(net))
        tensors = peer.batch(net, inputs)

        def ours(net=net, batch=batch, optimizer=optimizer):  # the defaults bind this round's objects
            net.loss(batch.source, batch.source_lengths, batch.target, batch.target_lengths)
            net.backward()
            optimizer.update(net.params, net.grads)

        neighbours = machine.Neighbours()
        seconds = timing.interleaved(
            {"ours": ours, "torch": lambda theirs=theirs, tensors=tensors: theirs.step(tensors), **limit.turns()},
            rounds=steps,
        )
        best = limit.best(seconds)
        gflop, ours_gflop = 2e-9 * shape.multiply_adds(), 2e-9 * shape.carried_out()
        ours_s, torch_s = timing.spread(seconds["ours"]), timing.spread(seconds["torch"])
        yield {
            "shape": shape.name,
            "threads": threads,
            "ours_ms": timing.spread(seconds["ours"], 1e3),
            "torch_ms": timing.spread(seconds["torch"], 1e3),
            "ratio": timing.ratio(seconds["torch"], seconds["ours"]),
            "goal": shape.goals.get(threads),
            "gflop": gflop,
            "ours_gflop": ours_gflop,
            "ours_gflop/s": ours_gflop / ours_s["median"],
            "torch_gflop/s": gflop / torch_s["median"],
            "best_product_gflop/s": max(best.values()),
            "ours_share": ours_gflop / ours_s["median"] / max(best.values()),
            "torch_share": gflop / torch_s["median"] / max(best.values()),
            "neighbours_share": neighbours.share(),
            "products_gflop/s": best,
            "gradient_difference": difference,
        }
