"""Beam search as part of a graph: `search.beam` by one loop over steps; a beam of width 1 is greedy search.

Each source has K slots. A slot holds a hypothesis that goes on, one that is finished, or, with a total of -inf, none. A
step offers each finished hypothesis as it is, before the continuations of the others, and the K best offers fill the
slots: so a finished hypothesis keeps its slot, and leaves one slot less to the others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqwright.data.limits import MOST_CELLS, MOST_TOKENS, Limits
from seqwright.data.vocabulary import END, PAD, START
from seqwright.exporters.onnx import decoder
from seqwright.exporters.onnx.graph import Graph, floats
from seqwright.exporters.onnx.network import Networks

__all__ = ["Found", "searched"]

NOTHING = np.array(-np.inf)


class Found(NamedTuple):
    """Up to K hypotheses of each source, best first.

    ids (B, K, T): symbols and END, then PAD.   lengths (B, K): number of symbols, END included; 0 for no hypothesis.
    scores (B, K): log-probability divided by length.   log_probs (B, K, T): of each symbol, 0 after END.
    attention (B, K, T, S): of each symbol over the source ids; None without attention.
    """

    ids: str
    lengths: str
    scores: str
    log_probs: str
    attention: str | None


class _Slots(NamedTuple):
    """What a step of the loop receives and returns.

    state (B, K, …), last (B, K): the last symbol.   total (B, K): sum of log-probabilities, as doubles.
    finished, length (B, K).   path (B K, t): the slot of each symbol in the outputs of its step, counted over sources.
    """

    state: str
    last: str
    total: str
    finished: str
    length: str
    path: str


KINDS = _Slots("float", "int64", "double", "bool", "int64", "int64")


def searched(g: Graph, networks: Networks, source: str, width: str, limits: Limits) -> Found:
    """Return the hypotheses for source ids (B, S).   width (1,): K."""
    sources = networks.sources(g, source)
    state, fixed = networks.encoded(g, sources)
    shortest, longest = _lengths(g, sources.lengths, limits)
    B, K = g.size(source, 0), width
    both = g.op("Concat", B, K, axis=0)
    zeros = g.op("Expand", np.array(0), both)
    slot = g.counting(g.op("Squeeze", K, g.ints(0)))
    first = g.op("Where", g.op("Equal", slot, np.array(0)), np.array(0.0), NOTHING)
    start = _Slots(
        g.op("Expand", state, g.op("Concat", B, K, g.ints(sum(networks.widths)), axis=0)),
        g.op("Add", zeros, np.array(START)),
        g.op("Expand", first, both),
        g.cast(zeros, "bool"),
        zeros,
        g.op("Expand", np.array(0), g.op("Concat", g.op("Mul", B, K), g.ints(0), axis=0)),
    )
    firsts = g.op("Mul", g.unsqueezed(g.counting(g.length(source, 0)), 1), K)  # the first slot of each source
    body = Graph(g)
    outputs = _step(body, networks, fixed, _Bounds(shortest, longest), slot, firsts)
    most = g.op("Add", g.op("ReduceMax", longest, keepdims=0), np.array(1))
    states = {f"past_{name}": (kind, value) for name, kind, value in zip(_Slots._fields, KINDS, start, strict=True)}
    ends = g.loop(most, states, body, outputs)
    slots, steps = _Slots(*ends[: len(KINDS)]), ends[len(KINDS) :]
    return _ranked(g, slots, steps, sources.n_features, source, firsts, K)


class _Bounds(NamedTuple):
    """Least and greatest number of symbols before END, (B,)."""

    shortest: str
    longest: str


def _lengths(g: Graph, n: str, limits: Limits) -> tuple[str, str]:
    """Return `Limits.min_length` and `Limits.max_length` of sources of n (B,) symbols."""
    by_ratio = g.op("Round", g.op("Mul", g.cast(n, "double"), np.array(1.5 * limits.ratio)))
    most = g.op("Min", g.cast(by_ratio, "int64"), np.array(2 * limits.longest_target))
    most = g.op("Add", most, np.array(5))
    most = g.op("Min", most, np.array(MOST_TOKENS), g.op("Div", np.array(MOST_CELLS), g.op("Max", n, np.array(1))))
    fewest = g.op("Min", np.array((limits.shortest_target + 1) // 2), most)
    return g.op("Where", g.op("Greater", n, np.array(1)), fewest, np.array(0)), most


def _step(
    g: Graph, networks: Networks, fixed: list[decoder.Fixed], bounds: _Bounds, slot: str, firsts: str
) -> list[tuple[str, str]]:
    """Add a step to the body of the loop, return its outputs by type."""
    past = _Slots(*(f"past_{name}" for name in _Slots._fields))
    log_probs, attended, state = networks.step(g, fixed, past.last, "step", past.state)
    log_probs = g.op("Add", log_probs, _allowed(g, bounds, networks.members[0].spec.target_vocab_size))
    offers, n_each = _offers(g, past, log_probs, slot)
    _, chosen = g.ops(2, "TopK", offers.rank, g.op("Shape", slot), axis=1)
    total, symbol, log_prob = (g.op("GatherElements", one, chosen, axis=1) for one in offers[1:])
    n_slots = g.length(slot, 0)
    keeps = g.op("Less", chosen, n_slots)
    continued = g.op("Div", g.op("Sub", chosen, n_slots), n_each)
    parent = g.op("Where", keeps, chosen, continued)
    parents = g.reshaped(g.op("Add", parent, firsts), -1)
    filled = g.op("Greater", total, NOTHING)
    live = g.op("And", filled, g.op("Not", keeps))
    ended = g.op("And", live, g.op("Equal", symbol, np.array(END)))
    going = g.op("And", live, g.op("Not", ended))
    length = g.op("Add", _of(g, past.length, parents), g.cast(live, "int64"))
    finished = g.op("Or", g.op("And", filled, keeps), ended)
    own = g.unsqueezed(g.counting(g.length(parents, 0)), 1)
    path = g.op("Concat", g.op("Gather", past.path, parents), own, axis=1)
    any_going = g.op("Greater", g.op("ReduceMax", g.cast(going, "int64"), keepdims=0), np.array(0))
    following = _Slots(_of(g, state, parents), symbol, total, finished, length, path)
    outputs = [("bool", any_going), *zip(KINDS, following, strict=True)]
    outputs += [("int64", g.op("Identity", symbol)), ("float", log_prob)]
    return outputs + ([] if attended is None else [("float", _of(g, attended, parents))])


def _of(g: Graph, values: str, parents: str) -> str:
    """Return the values (B, K, …) of the parents (B K,) of the slots."""
    shape = g.op("Shape", values)
    rows = g.op("Reshape", values, g.op("Concat", g.ints(-1), g.op("Shape", values, start=2), axis=0))
    return g.op("Reshape", g.op("Gather", rows, parents), shape)


def _allowed(g: Graph, bounds: _Bounds, V: int) -> str:
    """Return (B, 1, V): 0 for the symbols that the lengths allow after "step" symbols, -inf for others."""
    is_end = np.arange(V) == END
    rows = np.where([np.zeros(V, bool), is_end, ~is_end], -np.inf, 0).astype(np.float32)
    full, short = g.op("GreaterOrEqual", "step", bounds.longest), g.op("Less", "step", bounds.shortest)
    row = g.op("Where", full, np.array(2), g.cast(short, "int64"))
    return g.unsqueezed(g.op("Gather", rows, row), 1)


class _Offers(NamedTuple):
    """What may fill the slots, (B, K + K N): each slot as it is, then the N best continuations of each.

    rank: +inf for a finished hypothesis as it is, the total for a continuation, -inf for what is not offered.
    """

    rank: str
    total: str
    symbol: str
    log_prob: str


def _offers(g: Graph, past: _Slots, log_probs: str, slot: str) -> tuple[_Offers, str]:
    """Return the offers, and N: as many continuations as there are slots or symbols."""
    V = g.op("Shape", log_probs, start=2, end=3)
    n_each = g.op("Min", g.op("Shape", slot), V)
    values, symbols = g.ops(2, "TopK", log_probs, n_each, axis=2)
    done = g.op("Where", past.finished, np.array(np.inf), NOTHING)
    kept = g.op("Where", past.finished, past.total, NOTHING)
    before = g.unsqueezed(g.op("Where", past.finished, NOTHING, past.total), 2)
    totals = g.op("Add", g.cast(values, "double"), before)
    flat = [g.reshaped(one, 0, -1) for one in (totals, symbols, values)]
    pad = g.op("Expand", np.array(PAD), g.op("Shape", past.last))
    none = g.op("Expand", floats(0), g.op("Shape", past.last))
    return _Offers(
        g.op("Concat", done, flat[0], axis=1),
        g.op("Concat", kept, flat[0], axis=1),
        g.op("Concat", pad, flat[1], axis=1),
        g.op("Concat", none, flat[2], axis=1),
    ), n_each


def _ranked(
    g: Graph, slots: _Slots, steps: list[str], n_features: str | None, source: str, firsts: str, K: str
) -> Found:
    """Return the hypotheses in the order of their scores.   steps: outputs of all steps, (T, B, K, …)."""
    mean = g.op("Div", slots.total, g.cast(g.op("Max", slots.length, np.array(1)), "double"))
    mean = g.op("Where", slots.finished, mean, NOTHING)
    scores, order = g.ops(2, "TopK", mean, K, axis=1)
    rows = g.reshaped(g.op("Add", order, firsts), -1)
    lengths = g.op("Where", slots.finished, slots.length, np.array(0))
    path = g.op("Gather", slots.path, rows)
    n = g.op("Mul", g.size(path, 0), g.counting(g.length(path, 1)))  # slots of all steps before
    path = g.op("Add", path, n)
    shape = g.op("Concat", g.op("Shape", order), g.size(path, 1), axis=0)
    found = [_along(g, one, path, shape) for one in steps]
    attention = None
    if len(found) == 3:
        attention = found[2] if n_features is None else _shifted(g, found[2], n_features, source)
    return Found(found[0], _of(g, lengths, rows), g.cast(scores, "float"), found[1], attention)


def _along(g: Graph, values: str, path: str, shape: str) -> str:
    """Return values (T, B, K, …) along the path (B K, T) of each hypothesis, (B, K, T, …).   shape: (B, K, T)."""
    rest = g.op("Shape", values, start=3)
    rows = g.op("Reshape", values, g.op("Concat", g.ints(-1), rest, axis=0))
    return g.op("Reshape", g.op("Gather", rows, path), g.op("Concat", shape, rest, axis=0))


def _shifted(g: Graph, attention: str, n_features: str, source: str) -> str:
    """Return attention weights over all source ids (B, K, T, S), 0 for features, from those over the symbols after."""
    places = g.op("Sub", g.counting(g.length(source, 1)), g.unsqueezed(n_features, 1))  # (B, S)
    last = g.op("Sub", g.length(attention, 3), np.array(1))
    within = g.op("Min", g.op("Max", places, np.array(0)), last)
    real = g.op("And", g.op("GreaterOrEqual", places, np.array(0)), g.op("LessOrEqual", places, last))
    shape = g.op("Concat", g.op("Shape", attention, end=3), g.size(source, 1), axis=0)
    index = g.op("Expand", g.unsqueezed(within, 1, 2), shape)
    moved = g.op("GatherElements", attention, index, axis=3)
    return g.op("Mul", moved, g.unsqueezed(g.cast(real, "float"), 1, 2))
