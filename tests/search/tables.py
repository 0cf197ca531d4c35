"""A hand-written model to search: the log-probabilities of the next symbol are looked up by what stands before it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

START, END = 0, 1
Prefix = tuple[int, ...]
Table = Callable[[int, Prefix], np.ndarray]  # (source, symbols so far) -> log-probabilities (V,)
DEPTH = 8  # length of an `attention_weights` row: room for the source and a prefix


class TableState(NamedTuple):
    """prefixes[k][b]: what hypothesis k of the b-th running source has said.   sources: which source that is."""

    prefixes: list[list[Prefix]]
    sources: list[int]
    attention_weights: np.ndarray | None

    def select(self, parents: np.ndarray) -> TableState:
        prefixes = [[self.prefixes[k][b] for b, k in enumerate(row)] for row in parents]
        return self._replace(prefixes=prefixes, attention_weights=None)

    def keep(self, sources: np.ndarray) -> TableState:
        prefixes = [[row[b] for b in sources] for row in self.prefixes]
        return TableState(prefixes, [self.sources[b] for b in sources], None)


def start(sources: Sequence[int]) -> TableState:
    return TableState([[() for _ in sources]], list(sources), None)


def step(table: Table, *, attend: bool = True) -> Callable[[np.ndarray, TableState], tuple[np.ndarray, TableState]]:
    """Return a Step. Each row of `attention_weights` is its source and prefix, for identification."""

    def step(ids: np.ndarray, state: TableState) -> tuple[np.ndarray, TableState]:
        assert ids.shape == (len(state.prefixes), len(state.sources)), "ids and state disagree"
        prefixes = [
            [(*prefix, int(symbol)) for prefix, symbol in zip(row, symbols, strict=True)]
            for row, symbols in zip(state.prefixes, ids, strict=True)
        ]
        said = [[prefix[1:] for prefix in row] for row in prefixes]  # without the start symbol
        log_probs = np.array([[table(s, p) for s, p in zip(state.sources, row, strict=True)] for row in said])
        looked = np.array([[mark(s, p) for s, p in zip(state.sources, row, strict=True)] for row in said])
        return log_probs, TableState(prefixes, state.sources, looked if attend else None)

    return step


def mark(source: int, prefix: Prefix) -> list[float]:
    return ([source, *prefix] + [-1] * DEPTH)[:DEPTH]


def random_table(seed: int, V: int, *, levels: int | None = None) -> Table:
    """Return a table of random log-probabilities; with `levels`, of so few whole numbers that many are equal."""

    @functools.cache
    def table(source: int, prefix: Prefix) -> np.ndarray:
        rng = np.random.default_rng([seed, source, *prefix])
        if levels is not None:
            return -rng.integers(1, levels + 1, size=V).astype(float)
        return np.log(rng.dirichlet(np.full(V, 0.7)) + 1e-9)

    return table


class Answer(NamedTuple):
    ids: list[int]
    log_probs: list[float]
    finished: bool

    def score(self, length_norm: float) -> float:
        return sum(self.log_probs) / len(self.log_probs) ** length_norm


def answer(table: Table, source: int, ids: Sequence[int], max_length: int) -> Answer:
    """Return a target with its log-probabilities, looked up one by one."""
    rows = [table(source, tuple(ids[:n])) for n in range(len(ids) + 1)]
    log_probs = [float(row[symbol]) for row, symbol in zip(rows, [*ids, END], strict=True)]
    return Answer(list(ids), log_probs, len(ids) < max_length or int(rows[-1].argmax()) == END)


def every_answer(table: Table, source: int, V: int, max_length: int) -> list[Answer]:
    symbols = [symbol for symbol in range(V) if symbol != END]
    return [
        answer(table, source, ids, max_length)
        for length in range(max_length + 1)
        for ids in itertools.product(symbols, repeat=length)
    ]


def slow_beam(table: Table, source: int, V: int, width: int, max_length: int, length_norm: float) -> list[Answer]:
    """Search one source with lists: the rules of `search.beam`, one after the other."""
    live: list[tuple[float, list[int]]] = [(0.0, [])]
    done: list[Answer] = []
    while live and len(done) < width:
        offers = []
        for rank, (total, ids) in enumerate(live):
            log_probs = table(source, tuple(ids))
            symbols = [END] if len(ids) == max_length else range(V)
            offers += [(-(log_probs[symbol] + total), rank, symbol, ids) for symbol in symbols]
        offers = sorted(offers)[: width - len(done)]
        done += [answer(table, source, ids, max_length) for _, _, symbol, ids in offers if symbol == END]
        live = [(-cost, [*ids, symbol]) for cost, _, symbol, ids in offers if symbol != END]
    return sorted(done, key=lambda answer: -answer.score(length_norm))
