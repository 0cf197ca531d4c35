"""Sets of targets as automata over symbol ids: prefixes, allowed symbols, lists, lengths, and intersections.

An automaton is deterministic and kept as flat arrays, so that a list of a million targets takes some tens of megabytes.
Each state has its distance to acceptance, so a search with a maximum length never enters a state from which it cannot
end in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from seqwright import kernels
from seqwright.errors import ConstraintError
from seqwright.kernels.reference.constraint import FAR
from seqwright.types import Ids

__all__ = ["Automaton", "at_least", "common", "listed", "prefixed", "repeated"]

MOST_EDGES = 1 << 22  # of an intersection, or twice those of one of its operands
Positions = npt.NDArray[np.int64]


class Automaton:
    """A set of targets, read symbol by symbol without the end symbol: N states and E edges, in `kernels.Automaton`.

    first (N + 1,): where the edges of each state begin.   symbols, targets (E,): symbol and target state of each edge,
    sorted by symbol within a state.   accepting (N,): whether the symbols read are in the set.
    State 0 is the start.   n_symbols: one more than the greatest id.   ConstraintError: the set is empty.
    """

    arrays: kernels.Automaton
    n_symbols: int

    def __init__(self, first: Positions, symbols: Ids, targets: Ids, accepting: npt.NDArray[np.bool_]) -> None:
        self.arrays = kernels.Automaton(first, symbols, targets, accepting, distances(first, targets, accepting))
        self.n_symbols = 1 + int(symbols.max(initial=-1))
        if self.min_length == FAR:
            raise ConstraintError("no answer can meet the constraints: nothing is allowed by all of them")

    def __contains__(self, target: Sequence[int]) -> bool:
        """Return whether a target is in the set."""
        state = 0
        for symbol in target:
            state = self.after(state, symbol)
            if state < 0:
                return False
        return bool(self.arrays.accepting[state])

    def after(self, state: int, symbol: int) -> int:
        """Return the state after one more symbol, -1 if no target of the set continues with it."""
        begin, end = self.arrays.first[state], self.arrays.first[state + 1]
        edge = begin + int(np.searchsorted(self.arrays.symbols[begin:end], symbol))
        if edge == end or self.arrays.symbols[edge] != symbol:
            return -1
        return int(self.arrays.targets[edge])

    def needs(self, state: int) -> int:
        """Return the minimum number of symbols to an accepting state, FAR if none can be reached."""
        return int(self.arrays.distances[state])

    def resumed(self, state: int, *, open_end: bool, bounded: bool) -> Automaton:
        """Return the set of continuations from a state; copies the arrays.

        open_end: a target may end wherever it can be completed later.   bounded: the maximum length includes the
        completion, so that it always fits.
        """
        a = self.arrays
        row = slice(int(a.first[state]), int(a.first[state + 1]))
        distances = np.concatenate([a.distances[state : state + 1], a.distances])
        accepting = np.concatenate([a.accepting[state : state + 1], a.accepting])
        if open_end:
            accepting = distances < FAR
            distances = distances if bounded else np.where(accepting, 0, FAR).astype(np.int32)
        # The state is repeated as state 0, with which a search begins; the others are numbered after it.
        found = object.__new__(Automaton)
        found.n_symbols = self.n_symbols
        found.arrays = kernels.Automaton(
            np.concatenate([[0], a.first + (row.stop - row.start)]),
            np.concatenate([a.symbols[row], a.symbols]),
            np.concatenate([a.targets[row], a.targets]) + np.int32(1),
            accepting,
            distances,
        )
        return found

    @property
    def min_length(self) -> int:
        """Minimum length of the targets of the set."""
        return int(self.arrays.distances[0])


def distances(first: Positions, targets: Ids, accepting: npt.NDArray[np.bool_]) -> Ids:
    """Return (N,) the fewest symbols from each state to an accepting one, FAR if none can be reached."""
    found = np.where(accepting, 0, FAR).astype(np.int32)
    origins = np.repeat(np.arange(len(accepting), dtype=np.int32), np.diff(first))
    order = np.argsort(targets, kind="stable")  # edges by target state
    into = np.concatenate([[0], np.cumsum(np.bincount(targets, minlength=len(accepting)))])
    reached, distance = np.flatnonzero(accepting), 0
    while len(reached):  # breadth first, against the edges: each is followed once
        distance += 1
        counts = into[reached + 1] - into[reached]
        edges = np.arange(counts.sum()) + np.repeat(into[reached] - np.cumsum(counts) + counts, counts)
        before = origins[order[edges]]
        reached = np.unique(before[found[before] == FAR])
        found[reached] = distance
    return found


def chain(rows: Sequence[tuple[Ids, int]], accepting: Sequence[bool]) -> Automaton:
    """Return the automaton whose state n reads any symbol of rows[n][0] and goes to state rows[n][1]."""
    first = np.concatenate([[0], np.cumsum([len(symbols) for symbols, _ in rows])]).astype(np.int64)
    targets = [np.full(len(symbols), target, np.int32) for symbols, target in rows]
    symbols = np.concatenate([symbols for symbols, _ in rows]).astype(np.int32)
    return Automaton(first, symbols, np.concatenate(targets), np.array(accepting))


def repeated(symbols: Iterable[int]) -> Automaton:
    """Return all targets over these symbols, including the empty target."""
    return chain([(np.unique(np.array(list(symbols), np.int32)), 0)], [True])


def prefixed(prefix: Sequence[int], alphabet: Ids) -> Automaton:
    """Return all targets over the alphabet (sorted) that begin with the prefix."""
    rows = [(np.array([symbol], np.int32), n + 1) for n, symbol in enumerate(prefix)]
    return chain([*rows, (alphabet, len(prefix))], [False] * len(prefix) + [True])


def at_least(length: int, alphabet: Ids) -> Automaton:
    """Return all targets over the alphabet (sorted) of at least `length` symbols."""
    return chain([(alphabet, min(n + 1, length)) for n in range(length + 1)], [False] * length + [True])


def listed(targets: Iterable[Sequence[int]]) -> Automaton:
    """Return a set of given targets, as a trie.   ConstraintError: there are none.

    Built by depth for all sorted targets at once: a new state begins where the parent state or the symbol differs from
    the previous target's.
    """
    entries = sorted(set(map(tuple, targets)))
    lengths = np.array([len(entry) for entry in entries], np.int64)
    flat = np.fromiter((symbol for entry in entries for symbol in entry), np.int32, int(lengths.sum()))
    begins = np.cumsum(lengths) - lengths
    above = np.zeros(len(entries), np.int32)  # the present state of each entry
    n_states = 1
    origins, symbols, ends = [np.empty(0, np.int32)], [np.empty(0, np.int32)], [above[lengths == 0]]
    for depth in range(int(lengths.max(initial=0))):
        going = lengths > depth
        begins, lengths, above = begins[going], lengths[going], above[going]
        read = flat[begins + depth]
        new = np.ones(len(read), np.bool_)
        new[1:] = (above[1:] != above[:-1]) | (read[1:] != read[:-1])
        origins.append(above[new])
        symbols.append(read[new])
        above = (n_states - 1 + np.cumsum(new)).astype(np.int32)
        n_states += int(new.sum())
        ends.append(above[lengths == depth + 1])
    accepting = np.zeros(n_states, np.bool_)
    accepting[np.concatenate(ends)] = True
    # Each state but the first has one incoming edge, and states are numbered in that order.
    counts = np.bincount(np.concatenate(origins), minlength=n_states)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Automaton(first, np.concatenate(symbols), np.arange(1, n_states, dtype=np.int32), accepting)


def common(left: Automaton, right: Automaton) -> Automaton:
    """Return the intersection of two sets.   ConstraintError: it is empty.

    Product construction over reachable pairs of states, breadth first, vectorised over each level.
    """
    one, other = left.arrays, right.arrays
    N, V = len(other.accepting), 1 + int(max(one.symbols.max(initial=0), other.symbols.max(initial=0)))
    keys = np.repeat(np.arange(N, dtype=np.int64), np.diff(other.first)) * V + other.symbols  # sorted
    known = np.zeros(1, np.int64)  # pairs as one number, sorted
    number = np.zeros(1, np.int64)  # of each of them
    wave = np.zeros(1, np.int64)
    pairs, origins, symbols, targets = [wave], [], [], []
    most, n_edges = max(MOST_EDGES, 2 * len(one.symbols), 2 * len(other.symbols)), 0
    while wave.size:
        a, b = np.divmod(wave, N)
        counts = one.first[a + 1] - one.first[a]
        n_edges += int(counts.sum())
        if n_edges > most:
            raise ConstraintError("the constraints are too large together; give fewer, or a simpler pattern")
        source = np.repeat(np.arange(len(wave)), counts)
        edge = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts) + one.first[a][source]
        wanted = b[source] * V + one.symbols[edge]
        at = np.searchsorted(keys, wanted)
        both = at < len(keys)
        both[both] = keys[at[both]] == wanted[both]
        reached = one.targets[edge[both]].astype(np.int64) * N + other.targets[at[both]]
        origins.append(wave[source[both]])
        symbols.append(one.symbols[edge[both]])
        targets.append(reached)
        wave = np.setdiff1d(reached, known)
        pairs.append(wave)
        total = np.concatenate([known, wave])
        number = np.concatenate([number, len(known) + np.arange(len(wave))])
        order = np.argsort(total, kind="stable")
        known, number = total[order], number[order]

    def numbered(some: Positions) -> Ids:
        return number[np.searchsorted(known, some)].astype(np.int32)

    every = np.concatenate(pairs)
    accepting = one.accepting[every // N] & other.accepting[every % N]
    begins = numbered(np.concatenate(origins))
    order = np.argsort(begins, kind="stable")  # edges of a state stay in the order of their symbols
    first = np.concatenate([[0], np.cumsum(np.bincount(begins, minlength=len(every)))]).astype(np.int64)
    read = np.concatenate(symbols)[order].astype(np.int32)
    return Automaton(first, read, numbered(np.concatenate(targets))[order], accepting)
