"""Greedy generation, Python's share included: one word a call, and 256 words a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from benchmarks import agreement, machine, peer, peer_generation, shapes, timing
from seqwright import Seq2seq, kernels

__all__ = ["measure", "ours"]

START_ID = 0
GOALS = {1: 12.0, 256: 2.5}


def measure(*, steps: int, threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each number of words at a time. All parties must give the same ids before they are timed."""
    shape = shapes.GENERATION
    net, sources = shape.network(), shape.batch().source
    for side in ("encoder", "decoder"):
        net.params.named[f"{side}.embedding.W"][:] *= 100  # N(0, 1): else all words get nearly the same answer
    copied = peer.Peer(net)
    for B in (1, shape.B):
        source = np.ascontiguousarray(sources[:, :B])
        ids = torch.from_numpy(source).long()
        parties: dict[str, Callable[[], Any]] = {
            "ours": ours(net, source, shape.T),
            "torch": _bound(peer_generation.Tables(copied, encoder_by_steps=B == 1), ids, shape.T),
            "torch_cells": _bound(peer_generation.Cells(copied), ids, shape.T),
        }
        answers = {name: np.asarray(party()).reshape(shape.T, B) for name, party in parties.items()}
        for name, answer in answers.items():
            wrong = int((answer != answers["ours"]).any(axis=0).sum())
            if wrong:
                raise agreement.DisagreementError(f"{wrong} of {B} words that {name} generates are not ours")
        repeat = 10 if B == 1 else 1
        turns = {name: timing.Turn(party, repeat=repeat) for name, party in parties.items()}
        neighbours = machine.Neighbours()
        seconds = timing.interleaved(turns, rounds=steps)
        yield {
            "words": B,
            "threads": threads,
            **{f"{name}_ms": timing.spread(values, 1e3) for name, values in seconds.items()},
            "ratio": timing.ratio(seconds["torch"], seconds["ours"]),
            "goal": GOALS[B],
            "ratio_to_cells": timing.ratio(seconds["torch_cells"], seconds["ours"]),
            "neighbours_share": neighbours.share(),
        }


def _bound(generator: Callable[..., torch.Tensor], source: torch.Tensor, steps: int) -> Callable[[], torch.Tensor]:
    return lambda: generator(source, START_ID, steps)


def ours(net: Seq2seq, source: np.ndarray, steps: int) -> Callable[[], Any]:
    """Return a call of the article's `generate` for one word; for more, of the kernel under it."""
    if source.shape[1] == 1:
        xs = source.T
        return lambda: net.generate(xs, START_ID, steps)
    S, B = source.shape
    lengths, limits = np.full(B, S, np.int32), np.full(B, steps, np.int32)
    w = net.decoder.weights

    def call() -> np.ndarray:
        encoded = net.encoder.encode(source, lengths, net.encoder.cache)
        ids, log_probs = np.empty((steps, B), np.int32), np.empty((steps, B), net.params.flat.dtype)
        kernels.generate(
            w.embedding, w.lstm, w.attention, *w.affine, encoded.h.copy(), encoded.c.copy(), None,
            encoded.memory, encoded.lengths, START_ID, -1, limits, 1.0, None, ids, log_probs, np.empty(B, np.int32),
        )  # fmt: skip
        return ids

    return call
