"""What may come next in a target: its lengths, and a set of targets as an automaton."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Ids

__all__ = ["FAR", "FLOOR", "Automaton", "advance", "permit_"]

FLOOR = -1e4  # nats: what an automaton wants stays possible where the model's probability has come to nothing
FAR = np.iinfo(np.int32).max


class Automaton(NamedTuple):
    """A deterministic automaton of N states and E edges; those of a state stand together, in the order of symbols.

    first (N + 1,) int64: where the edges of each state begin.   symbols, targets (E,) int32: what an edge reads, where
    it leads.   accepting (N,) bool: whether what was read is in the set.   distances (N,) int32: the fewest symbols to
    an accepting state, FAR where there is no way.   State 0 is the start. No edge reads the end symbol.
    """

    first: npt.NDArray[np.int64]
    symbols: Ids
    targets: Ids
    accepting: npt.NDArray[np.bool_]
    distances: Ids


def permit_(log_p: Array, automaton: Automaton | None, state: int, end_id: int, n_left: int, too_short: bool) -> bool:
    """Forbid what may not come next, by -inf in log_p (V,); return whether an end is then the model's own.

    n_left: how many symbols may come before the end.   too_short: the end may not come yet; an automaton has to see to
    that itself. What it allows is raised to FLOOR at least, and is never an edge from which no accepting state can be
    reached in time. An end that only the greatest length brings about is not the model's own.
    """
    full = n_left <= 0
    if automaton is None:
        own = not full or int(log_p.argmax()) == end_id
        if full:
            log_p[np.arange(len(log_p)) != end_id] = -np.inf
        elif too_short:
            log_p[end_id] = -np.inf
        return own
    edges = slice(int(automaton.first[state]), int(automaton.first[state + 1]))
    symbols, ahead = automaton.symbols[edges], automaton.distances[automaton.targets[edges]]
    further = symbols[ahead < FAR]
    own = not full or not further.size or bool(log_p[end_id] > log_p[further].max())
    ids = symbols[ahead < n_left]
    if automaton.accepting[state]:
        ids = np.append(ids, np.int32(end_id))
    kept = np.maximum(log_p[ids], FLOOR)
    log_p[:] = -np.inf
    log_p[ids] = kept
    return own


def advance(automaton: Automaton, state: int, symbol: int) -> int:
    """Return the state behind one more symbol, which is one of those allowed."""
    begin, end = int(automaton.first[state]), int(automaton.first[state + 1])
    edge = begin + int(np.searchsorted(automaton.symbols[begin:end], symbol))
    assert edge < end and automaton.symbols[edge] == symbol, f"symbol {symbol} is not allowed here"
    return int(automaton.targets[edge])
