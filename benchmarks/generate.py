"""Greedy generation and beam search, Python's share included: one word a call, and 256 words a call.

Ours is a compiled network, as a loaded model has it, and once more one with weights in 8 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from benchmarks import agreement, machine, peer, peer_generation, peer_onnx, shapes, timing
from seqwright import kernels, search
from seqwright.models.inference import Inference

__all__ = ["best_ids", "measure", "our_beam", "ours"]

START_ID, END_ID = 0, 1
WIDTH = 5
GOALS = {1: 12.0, 256: 2.5}
BEAM_GOALS = {1: 8.0, 256: 2.5}
ONNX_GOALS = {"goal_onnx": 2.5, "goal_onnx_int8": 4.0}  # for one word


def measure(*, steps: int, threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each number of words at a time. All parties must give the same ids before they are timed."""
    shape = shapes.GENERATION
    net, sources = shape.network(), shape.batch().source
    for side in ("encoder", "decoder"):
        net.params.named[f"{side}.embedding.W"][:] *= 100  # N(0, 1): else all words get nearly the same answer
    copied, exact, int8 = peer.network(net), Inference(net), Inference(net, int8=True)
    for B in (1, shape.B):
        source = np.ascontiguousarray(sources[:, :B])
        ids = torch.from_numpy(source).long()
        parties: dict[str, Callable[[], Any]] = {
            "ours": ours(exact, source, shape.T),
            "int8": ours(int8, source, shape.T),
            "onnx": _onnx(peer_onnx.Graphs(copied, words=B, symbols=shape.S, threads=threads), source, shape.T),
            "torch": _bound(peer_generation.Tables(copied, encoder_by_steps=B == 1), ids, shape.T),
            "torch_cells": _bound(peer_generation.Cells(copied), ids, shape.T),
        }
        answers = {name: np.asarray(party()).reshape(shape.T, B) for name, party in parties.items()}
        wrong = {name: int((answer != answers["ours"]).any(axis=0).sum()) for name, answer in answers.items()}
        for name, n in wrong.items():
            if n and name != "int8":
                raise agreement.DisagreementError(f"{n} of {B} words that {name} generates are not ours")
        goals = {"goal": GOALS[B]} | (ONNX_GOALS if B == 1 else {})
        facts = {"words": B, "beam": 1, "threads": threads, "other_in_int8": wrong["int8"] / B}
        yield facts | goals | _timed(parties, B, steps)
    for B in (1, shape.B):
        source = np.ascontiguousarray(sources[:, :B])
        ids = torch.from_numpy(source).long()
        tables = peer_generation.Tables(copied, encoder_by_steps=B == 1)
        parties = {
            "ours": our_beam(exact, source, shape.T),
            "int8": our_beam(int8, source, shape.T),
            "torch": _beam(tables, ids, shape.T),
        }
        answers = {"ours": best_ids(parties["ours"]()), "torch": parties["torch"]().numpy()}
        wrong = int((answers["ours"] != answers["torch"]).any(axis=(1, 2)).sum())
        if wrong:
            raise agreement.DisagreementError(f"the {WIDTH} best of {wrong} of {B} words that torch finds are not ours")
        yield {"words": B, "beam": WIDTH, "threads": threads, "goal": BEAM_GOALS[B]} | _timed(parties, B, steps)


def _timed(parties: dict[str, Callable[[], Any]], n_words: int, steps: int) -> dict[str, Any]:
    repeat = 10 if n_words == 1 else 1
    turns = {name: timing.Turn(party, repeat=repeat) for name, party in parties.items()}
    neighbours = machine.Neighbours()
    seconds = timing.interleaved(turns, rounds=steps)
    row: dict[str, Any] = {f"{name}_ms": timing.spread(values, 1e3) for name, values in seconds.items()}
    row["ratio"] = timing.ratio(seconds["torch"], seconds["ours"])
    row["ratio_int8"] = timing.ratio(seconds["torch"], seconds["int8"])
    if "torch_cells" in seconds:
        row["ratio_to_cells"] = timing.ratio(seconds["torch_cells"], seconds["ours"])
    if "onnx" in seconds:
        row["ratio_to_onnx"] = timing.ratio(seconds["onnx"], seconds["ours"])
        row["ratio_to_onnx_int8"] = timing.ratio(seconds["onnx"], seconds["int8"])
    return row | {"neighbours_share": neighbours.share()}


def _bound(generator: Callable[..., torch.Tensor], source: torch.Tensor, steps: int) -> Callable[[], torch.Tensor]:
    return lambda: generator(source, START_ID, steps)


def _onnx(graphs: peer_onnx.Graphs, source: np.ndarray, steps: int) -> Callable[[], np.ndarray]:
    ids = source.astype(np.int64)
    return lambda: graphs(ids, START_ID, steps)


def _beam(tables: peer_generation.Tables, source: torch.Tensor, steps: int) -> Callable[[], torch.Tensor]:
    return lambda: tables.beam(source, START_ID, END_ID, steps, WIDTH)


def our_beam(model: Inference, source: np.ndarray, steps: int) -> Callable[[], list[list[search.Candidate]]]:
    """Return a search for targets that all have `steps` symbols, their end included."""
    S, B = source.shape
    lengths, symbols = np.full(B, S, np.int32), np.full(B, steps - 1, np.int32)
    rules = search.Rules(START_ID, END_ID, max_lengths=symbols, min_lengths=symbols)
    return lambda: search.run.Sources([model], source, lengths).beam(rules, width=WIDTH)


def best_ids(found: list[list[search.Candidate]]) -> np.ndarray:
    """Return the ids of candidates of one length, their ends included, (B, WIDTH, steps)."""
    return np.array([[[*candidate.ids, END_ID] for candidate in some] for some in found])


def ours(model: Inference, source: np.ndarray, steps: int) -> Callable[[], Any]:
    """Return a call of the article's `generate` for one word; for more, of the kernel under it."""
    network = model.network
    if source.shape[1] == 1 or network is None:
        return lambda: np.stack(
            [model.model.generate(xs[None], START_ID, steps, network=network) for xs in source.T], axis=1
        )
    S, B = source.shape
    lengths, limits, none = np.full(B, S, np.int32), np.full(B, steps, np.int32), np.empty(0, np.int32)

    def call() -> np.ndarray:
        ids, log_probs = np.empty((B, 1, steps), np.int32), np.empty((B, 1, steps), np.float32)
        counts, ended = np.empty((B, 1), np.int32), np.empty((B, 1), np.int32)
        kernels.beam(
            [network],
            source,
            lengths,
            none,
            START_ID,
            -1,
            limits,
            limits,
            None,
            1,
            0.0,
            ids,
            log_probs,
            counts,
            ended,
            None,
        )
        return ids[:, 0].T

    return call
