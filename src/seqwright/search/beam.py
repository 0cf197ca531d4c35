"""Beam search over a batch of sources.

The hypotheses of a step all have the same length, so they are compared by their total log-probability; the finished
ones, of different lengths, by the total divided by length ** length_norm. A finished hypothesis gives up its place in
the beam (as in Bahdanau et al. 2015), which ends the search of a source as soon as `width` of them are finished.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from seqwright.search.candidate import Candidate
from seqwright.search.step import State, Step
from seqwright.types import Array, Ids

__all__ = ["beam"]

S = TypeVar("S", bound=State)


def beam(
    step: Step[S], state: S, *, width: int, start_id: int, end_id: int, max_lengths: Ids, length_norm: float = 1.0
) -> list[list[Candidate]]:
    """Return up to `width` targets of each source, best first.

    state: of one hypothesis for each of B sources.   max_lengths (B,): most symbols before the end symbol; behind them,
    nothing else may come.   length_norm: a score is the log-probability / (symbols with the end) ** length_norm.
    Of equal candidates the better hypothesis, then the lower id, goes first. Width 1 is `greedy`.
    """
    done: list[list[Candidate]] = [[] for _ in max_lengths]
    running = np.arange(len(max_lengths))  # the source in each column of the state
    live = [[_Node(None, start_id, 0.0, 0.0, True, None)] for _ in running]  # the hypotheses of each column
    length = 0
    while running.size:
        last, total = _columns(live, end_id)
        log_probs, state = step(last, state)
        own_end = log_probs.argmax(axis=2) == end_id
        others = np.arange(log_probs.shape[2]) != end_id
        full = max_lengths[running] <= length
        log_probs[:, full[:, None] & others] = -np.inf
        scores, parents, ids = _best(log_probs + total[:, :, None], width)
        length += 1
        columns, survivors, chosen = [], [], []
        for column, source in enumerate(running.tolist()):
            nodes, places = [], []
            for rank in range(width - len(done[source])):
                score, k, symbol = scores[column, rank], parents[column, rank], int(ids[column, rank])
                if np.isneginf(score):
                    break
                looked = None if state.attended is None else state.attended[k, column].copy()
                own = not full[column] or bool(own_end[k, column])
                node = _Node(live[column][k], symbol, float(score), float(log_probs[k, column, symbol]), own, looked)
                if symbol == end_id:
                    done[source].append(_candidate(node, length_norm))
                else:
                    nodes.append(node)
                    places.append(k)
            if nodes:
                columns.append(column)
                survivors.append(nodes)
                chosen.append(places)
        running, live = running[columns], survivors
        state = _continue(state, columns, chosen)
    return [sorted(candidates, key=lambda candidate: -candidate.score) for candidates in done]


class _Node(NamedTuple):
    """The last symbol of a hypothesis, behind the others; total and log_prob as before normalising."""

    before: _Node | None
    symbol: int
    total: float
    log_prob: float
    own: bool  # False for an end that the greatest length forced
    attended: Array | None


def _columns(live: list[list[_Node]], end_id: int) -> tuple[Ids, Array]:
    """Return last ids and totals (K, B) of all hypotheses; columns with fewer than K get impossible ones."""
    K = max(map(len, live))
    last = np.full((K, len(live)), end_id, np.int32)
    total = np.full((K, len(live)), -np.inf)
    for column, nodes in enumerate(live):
        last[: len(nodes), column] = [node.symbol for node in nodes]
        total[: len(nodes), column] = [node.total for node in nodes]
    return last, total


def _best(scores: Array, width: int) -> tuple[Array, Ids, Ids]:
    """Return the `width` best of scores (K, B, V) for each column, as score, k and v, each (B, width), best first."""
    K, B, V = scores.shape
    flat = np.full((B, max(width, K * V)), -np.inf)
    flat[:, : K * V] = scores.transpose(1, 0, 2).reshape(B, K * V)
    if width == 1:
        index = flat.argmax(axis=1)[:, None]
    else:
        index = np.empty((B, width), np.intp)
        for row, worst in enumerate(np.partition(flat, -width, axis=1)[:, -width]):
            able = np.flatnonzero(flat[row] >= worst)  # more than `width` where the worst has equals
            index[row] = able[np.argsort(-flat[row, able], kind="stable")[:width]]
    k, v = np.divmod(index, V)
    return np.take_along_axis(flat, index, axis=1), k, v.astype(np.int32)


def _continue(state: S, columns: list[int], chosen: list[list[int]]) -> S:
    """Return the state of the chosen hypotheses of the columns that go on, fewer filled up with the last one."""
    if not columns:
        return state
    K = max(map(len, chosen))
    parents = np.array([places + places[-1:] * (K - len(places)) for places in chosen], np.intp).T
    return state.keep(np.array(columns, np.intp)).select(parents)  # type: ignore[return-value]


def _candidate(end: _Node, length_norm: float) -> Candidate:
    path = []
    node: _Node | None = end
    while node is not None and node.before is not None:  # the first node is the start symbol
        path.append(node)
        node = node.before
    path.reverse()
    attended = None if end.attended is None else np.stack([n.attended for n in path if n.attended is not None])
    return Candidate(
        [n.symbol for n in path[:-1]],
        [n.log_prob for n in path],
        end.total / len(path) ** length_norm,
        end.own,
        attended,
    )
