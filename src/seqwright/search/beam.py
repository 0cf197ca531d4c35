"""Beam search over a batch of sources.

The hypotheses of a step have equal lengths and are compared by total log-probability; finished hypotheses have
different lengths and are compared by `ranking`. A finished hypothesis leaves the beam (as in Bahdanau et al. 2015), and
the search of a source ends when `width` hypotheses are finished.

In several groups (diverse beam search, Vijayakumar et al. 2016, with their Hamming diversity) each has an equal share
of the width. Groups select in order, and a group counts `diversity` nats less for a symbol each time that an
earlier group has chosen it at the same step. Totals are the model's log-probabilities, without this penalty.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from seqwright.search.candidate import Candidate
from seqwright.search.constraint import advance, permit_
from seqwright.search.rules import Rules
from seqwright.search.step import State, Step
from seqwright.types import Array, Ids

__all__ = ["beam"]

S = TypeVar("S", bound=State)


def beam(
    step: Step[S],
    state: S,
    rules: Rules,
    *,
    width: int,
    groups: int = 1,
    diversity: float = 0.0,
) -> list[list[Candidate]]:
    """Return up to `width` different targets of each source, best first.

    state: of one hypothesis for each of B sources.   groups, diversity: see above.
    Ties are broken by the rank of the hypothesis, then by the lower id.
    """
    assert width % groups == 0, f"a beam of {width} cannot be shared by {groups} groups"
    B = len(rules.max_lengths)
    size = width // groups
    done: list[list[list[Candidate]]] = [[[] for _ in range(groups)] for _ in range(B)]
    running = np.arange(B)  # the source in each column of the state
    root = _Node(None, rules.start_id, 0.0, 0.0, True, None, 0)
    live = [[root] for _ in running]  # the hypotheses of each column
    shares = [[[0] for _ in range(groups)] for _ in running]  # indices of each group's hypotheses
    length = 0
    while running.size:
        last, total = _columns(live, rules.end_id)
        log_probs, state = step(last, state)
        by_model = permit_(
            log_probs, [[node.place for node in nodes] for nodes in live], rules, sources=running, length=length
        )  # fmt: skip
        scores = log_probs + total[:, :, None]
        length += 1
        n_chosen = np.zeros(scores.shape[1:])  # how often each symbol is chosen at this step
        nodes: list[list[_Node]] = [[] for _ in running]
        places: list[list[int]] = [[] for _ in running]
        kept: list[list[list[int]]] = [[] for _ in running]
        for group in range(groups):
            offered = scores if groups == 1 else _of_group(scores, shares, group) - diversity * n_chosen
            best, parents, ids = _best(offered, size)
            for column, source in enumerate(running.tolist()):
                first = len(nodes[column])
                for rank in range(size - len(done[source][group])):
                    if np.isneginf(best[column, rank]):
                        break
                    k, symbol = parents[column, rank], int(ids[column, rank])
                    n_chosen[column, symbol] += 1
                    before = live[column][k]
                    weights = None if state.attention_weights is None else state.attention_weights[k, column].copy()
                    ends = symbol == rules.end_id
                    place = 0 if ends else advance(rules.constraint, before.place, symbol)
                    node = _Node(
                        before, symbol, float(scores[k, column, symbol]), float(log_probs[k, column, symbol]),
                        bool(by_model[k, column]), weights, place,
                    )  # fmt: skip
                    if ends:
                        done[source][group].append(_candidate(node, rules, source))
                    else:
                        nodes[column].append(node)
                        places[column].append(k)
                kept[column].append(list(range(first, len(nodes[column]))))
        columns = [column for column, survivors in enumerate(nodes) if survivors]
        running, live, shares = running[columns], [nodes[c] for c in columns], [kept[c] for c in columns]
        state = _continue(state, columns, [places[c] for c in columns])
    return [_ranked(found) for found in done]


class _Node(NamedTuple):
    """A hypothesis: its last symbol, and a link to the hypothesis before it.   total: sum of log-probabilities."""

    before: _Node | None
    symbol: int
    total: float
    log_prob: float
    ended_by_model: bool  # False for an end symbol that max_lengths forced
    attention_weights: Array | None
    place: int  # state of the constraint after the symbol


def _columns(live: list[list[_Node]], end_id: int) -> tuple[Ids, Array]:
    """Return last ids and totals (K, B) of all hypotheses; columns with fewer than K are filled with totals of -inf."""
    K = max(map(len, live))
    last = np.full((K, len(live)), end_id, np.int32)
    total = np.full((K, len(live)), -np.inf)
    for column, nodes in enumerate(live):
        last[: len(nodes), column] = [node.symbol for node in nodes]
        total[: len(nodes), column] = [node.total for node in nodes]
    return last, total


def _of_group(scores: Array, shares: list[list[list[int]]], group: int) -> Array:
    """Return the scores (K, B, V) of one group's hypotheses, -inf for the others'."""
    mine = np.zeros(scores.shape[:2], np.bool_)
    for column, share in enumerate(shares):
        mine[share[group], column] = True
    return np.where(mine[:, :, None], scores, -np.inf)


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
    """Return the state of the chosen hypotheses of some columns; columns with fewer repeat the last one."""
    if not columns:
        return state
    K = max(map(len, chosen))
    parents = np.array([places + places[-1:] * (K - len(places)) for places in chosen], np.intp).T
    return state.keep(np.array(columns, np.intp)).select(parents)  # type: ignore[return-value]


def _candidate(end: _Node, rules: Rules, source: int) -> Candidate:
    path = []
    node: _Node | None = end
    while node is not None and node.before is not None:  # the first node is the start symbol
        path.append(node)
        node = node.before
    path.reverse()
    attention_weights = (
        None
        if end.attention_weights is None
        else np.stack([n.attention_weights for n in path if n.attention_weights is not None])
    )
    return Candidate(
        [n.symbol for n in path[:-1]],
        [n.log_prob for n in path],
        rules.score(source, end.total, len(path), attention_weights),
        end.ended_by_model,
        attention_weights,
    )


def _ranked(groups: list[list[Candidate]]) -> list[Candidate]:
    """Return the candidates of all groups, best first, each target once."""
    different = {tuple(candidate.ids): candidate for group in reversed(groups) for candidate in reversed(group)}
    found = [c for group in groups for c in group if different.pop(tuple(c.ids), None) is not None]
    return sorted(found, key=lambda candidate: -candidate.score)
