"""Symbols allowed next in a target: by its length, and by a set of targets as an automaton."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.types import Array, Ids

__all__ = ["FAR", "FLOOR", "Automaton", "advance", "permit_"]

FLOOR = -1e4  # nats: lower bound for symbols that an automaton allows, so that a search can always continue
FAR = np.iinfo(np.int32).max


class Automaton(NamedTuple):
    """A deterministic automaton of N states and E edges, which are sorted by state and symbol.

    first (N + 1,) int64: where the edges of each state begin.   symbols, targets (E,) int32: symbol and target
    state of each edge.   accepting (N,) bool: whether the symbols read are in the set.   distances (N,) int32: minimum
    number of symbols to an accepting state, FAR if none can be reached.   State 0 is the start. No edge reads the end
    symbol.
    """

    first: npt.NDArray[np.int64]
    symbols: Ids
    targets: Ids
    accepting: npt.NDArray[np.bool_]
    distances: Ids


def permit_(log_p: Array, automaton: Automaton | None, state: int, end_id: int, n_left: int, too_short: bool) -> bool:
    """Set log_p (V,) of symbols that are not allowed to -inf; return whether the model itself would end here.

    n_left: number of symbols allowed before the end.   too_short: the end is not allowed yet; ignored with an
    automaton, whose set includes a minimum length. Symbols that the automaton allows are raised to FLOOR at least, and
    edges from which no accepting state can be reached in time are not allowed. The result is False where only the
    maximum length forces the end symbol.
    """
    full = n_left <= 0
    if automaton is None:
        by_model = not full or int(log_p.argmax()) == end_id
        if full:
            log_p[np.arange(len(log_p)) != end_id] = -np.inf
        elif too_short:
            log_p[end_id] = -np.inf
        return by_model
    edges = slice(int(automaton.first[state]), int(automaton.first[state + 1]))
    symbols, ahead = automaton.symbols[edges], automaton.distances[automaton.targets[edges]]
    further = symbols[ahead < FAR]
    by_model = not full or not further.size or bool(log_p[end_id] > log_p[further].max())
    ids = symbols[ahead < n_left]
    if automaton.accepting[state]:
        ids = np.append(ids, np.int32(end_id))
    kept = np.maximum(log_p[ids], FLOOR)
    log_p[:] = -np.inf
    log_p[ids] = kept
    return by_model


def advance(automaton: Automaton, state: int, symbol: int) -> int:
    """Return the state after one more, allowed symbol."""
    begin, end = int(automaton.first[state]), int(automaton.first[state + 1])
    edge = begin + int(np.searchsorted(automaton.symbols[begin:end], symbol))
    assert edge < end and automaton.symbols[edge] == symbol, f"symbol {symbol} is not allowed here"
    return int(automaton.targets[edge])
