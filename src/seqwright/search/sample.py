"""Targets drawn from the model's own distribution, or from its likelier part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from seqwright.search.candidate import Candidate
from seqwright.search.constraint import advance, permit_
from seqwright.search.rules import Rules
from seqwright.search.step import State, Step
from seqwright.types import Array

__all__ = ["chances", "drawn", "sample", "uniforms"]

S = TypeVar("S", bound=State)


def sample(
    step: Step[S],
    state: S,
    rules: Rules,
    *,
    n: int,
    rngs: Sequence[np.random.Generator],
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> list[list[Candidate]]:
    """Return n targets of each source, best first; equal ones may be among them.

    rngs: one generator for each of B sources, from which nobody else draws: so a source's targets do not depend on the
    other sources.   temperature, top_k, top_p: see `chances`.
    The log-probabilities of a candidate are the model's, whatever it was drawn from.
    """
    B = len(rules.max_lengths)
    end_id = rules.end_id
    ids: list[list[list[int]]] = [[[] for _ in range(n)] for _ in range(B)]
    log_probs: list[list[list[float]]] = [[[] for _ in range(n)] for _ in range(B)]
    attended: list[list[list[Array]]] = [[[] for _ in range(n)] for _ in range(B)]
    ended = np.zeros((B, n), np.bool_)
    own_end = np.ones((B, n), np.bool_)
    places = [[0] * n for _ in range(B)]
    running = np.arange(B)  # the source in each column of the state
    last = np.full((n, B), rules.start_id, np.int32)
    if B:
        state = state.select(np.zeros((n, B), np.intp))  # type: ignore[assignment]
    length = 0
    while running.size:
        scores, state = step(last, state)
        own = permit_(scores, [places[source] for source in running.tolist()], rules, sources=running, length=length)
        length += 1
        last = np.full((n, len(running)), end_id, np.int32)
        for column, source in enumerate(running.tolist()):
            for k, u in enumerate(
                uniforms(rngs[source], 1, n)[0]
            ):  # n draws also where some have ended: the others' stay
                if ended[source, k]:
                    continue
                row = scores[k, column]
                symbol = drawn(chances(row, temperature=temperature, top_k=top_k, top_p=top_p), u)
                log_probs[source][k].append(float(row[symbol]))
                if state.attended is not None:
                    attended[source][k].append(state.attended[k, column].copy())
                if symbol == end_id:
                    ended[source, k], own_end[source, k] = True, own[k, column]
                    continue
                ids[source][k].append(symbol)
                last[k, column] = symbol
                places[source][k] = advance(rules.constraint, places[source][k], symbol)
        going = np.flatnonzero(~ended[running].all(axis=1))
        if len(going) < len(running):
            running, state = running[going], state.keep(going)  # type: ignore[assignment]
            last = np.ascontiguousarray(last[:, going])  # the compiled kernels take no other
    found = []
    for source in range(B):
        candidates = []
        for k in range(n):
            looked = np.stack(attended[source][k]) if attended[source][k] else None
            score = rules.score(source, sum(log_probs[source][k]), len(log_probs[source][k]), looked)
            candidates.append(Candidate(ids[source][k], log_probs[source][k], score, bool(own_end[source, k]), looked))
        found.append(sorted(candidates, key=lambda candidate: -candidate.score))
    return found


def uniforms(rng: np.random.Generator, steps: int, n: int) -> Array:
    """Return what each of n targets draws with at each step, (steps, n) float32 in [0, 1): the next of the generator.

    Asked for one step at a time, or for all at once, they are the same.
    """
    return rng.random((steps, n), np.float32)


def chances(log_probs: Array, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Array:
    """Return the probabilities (V,) to draw from, which sum to about 1.

    temperature: divides the log-probabilities (V,); below 1 the likely become likelier.   top_k: only so many of the
    likeliest may be drawn, 0: all (Fan et al. 2018).   top_p: only the fewest likeliest that have this probability
    together, after the temperature (Holtzman et al. 2020). Of equally likely ones the lower ids stay.
    """
    scaled = log_probs.astype(np.float64) / temperature
    p: Array = np.exp(scaled - scaled.max())
    p /= p.sum()
    if 0 < top_k < len(p) or top_p < 1:
        order = np.argsort(-p, kind="stable")
        before = p[order].cumsum() - p[order]  # the probability of all that are likelier
        keep = before < top_p
        keep[0] = True
        if top_k:
            keep[top_k:] = False
        p[order[~keep]] = 0
        p /= p.sum()
    return p


def drawn(p: Array, u: float) -> int:
    """Return the symbol under u, in [0, 1), of the cumulative distribution of p (V,)."""
    cumulative = p.cumsum()
    symbol = int(np.searchsorted(cumulative, np.float64(u) * cumulative[-1], side="right"))
    return symbol if symbol < len(p) else int(np.flatnonzero(p)[-1])  # where the product was rounded up to the sum
