"""Sampling, from the model's distribution or from a truncation of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from seqwright.search.candidate import Candidate
from seqwright.search.constraint import advance, permit_
from seqwright.search.rules import Rules
from seqwright.search.step import State, Step
from seqwright.types import Array

__all__ = ["sample", "sample_symbol", "truncated_probs", "uniforms"]

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
    """Return n samples for each source, best first; targets may repeat.

    rngs: a generator for each of B sources, so that samples do not depend on the other sources.   temperature, top_k,
    top_p: see `truncated_probs`. The log-probabilities of a candidate are the model's, before temperature and
    truncation.
    """
    B = len(rules.max_lengths)
    end_id = rules.end_id
    ids: list[list[list[int]]] = [[[] for _ in range(n)] for _ in range(B)]
    log_probs: list[list[list[float]]] = [[[] for _ in range(n)] for _ in range(B)]
    attention_weights: list[list[list[Array]]] = [[[] for _ in range(n)] for _ in range(B)]
    ended = np.zeros((B, n), np.bool_)
    ended_by_model = np.ones((B, n), np.bool_)
    places = [[0] * n for _ in range(B)]
    running = np.arange(B)  # the source in each column of the state
    last = np.full((n, B), rules.start_id, np.int32)
    if B:
        state = state.select(np.zeros((n, B), np.intp))  # type: ignore[assignment]
    length = 0
    while running.size:
        step_log_probs, state = step(last, state)
        by_model = permit_(
            step_log_probs, [places[source] for source in running.tolist()], rules, sources=running, length=length
        )
        length += 1
        last = np.full((n, len(running)), end_id, np.int32)
        for column, source in enumerate(running.tolist()):
            for k, u in enumerate(
                uniforms(rngs[source], 1, n)[0]
            ):  # n draws even if some have ended, so that the draws of the others do not change
                if ended[source, k]:
                    continue
                row = step_log_probs[k, column]
                symbol = sample_symbol(truncated_probs(row, temperature=temperature, top_k=top_k, top_p=top_p), u)
                log_probs[source][k].append(float(row[symbol]))
                if state.attention_weights is not None:
                    attention_weights[source][k].append(state.attention_weights[k, column].copy())
                if symbol == end_id:
                    ended[source, k], ended_by_model[source, k] = True, by_model[k, column]
                    continue
                ids[source][k].append(symbol)
                last[k, column] = symbol
                places[source][k] = advance(rules.constraint, places[source][k], symbol)
        going = np.flatnonzero(~ended[running].all(axis=1))
        if len(going) < len(running):
            running, state = running[going], state.keep(going)  # type: ignore[assignment]
            last = np.ascontiguousarray(last[:, going])  # the compiled kernels need contiguous arrays
    found = []
    for source in range(B):
        candidates = []
        for k in range(n):
            weights = np.stack(attention_weights[source][k]) if attention_weights[source][k] else None
            score = rules.score(source, sum(log_probs[source][k]), len(log_probs[source][k]), weights)
            candidates.append(
                Candidate(ids[source][k], log_probs[source][k], score, bool(ended_by_model[source, k]), weights)
            )
        found.append(sorted(candidates, key=lambda candidate: -candidate.score))
    return found


def uniforms(rng: np.random.Generator, steps: int, n: int) -> Array:
    """Return the uniform numbers that n samples draw at each step, (steps, n) float32 in [0, 1).

    Calls for one step at a time return the same numbers as one call for all steps.
    """
    return rng.random((steps, n), np.float32)


def truncated_probs(log_probs: Array, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Array:
    """Return the sampling distribution (V,), after temperature and truncation.

    temperature: divisor of the log-probabilities (V,).   top_k: number of most probable symbols to keep, 0: all (Fan et
    al. 2018).   top_p: keep the smallest set of most probable symbols with at least this total probability (nucleus
    sampling, Holtzman et al. 2020). Ties are broken by the lower id.
    """
    scaled = log_probs.astype(np.float64) / temperature
    p: Array = np.exp(scaled - scaled.max())
    p /= p.sum()
    if 0 < top_k < len(p) or top_p < 1:
        order = np.argsort(-p, kind="stable")
        before = p[order].cumsum() - p[order]  # total probability of the symbols ranked higher
        keep = before < top_p
        keep[0] = True
        if top_k:
            keep[top_k:] = False
        p[order[~keep]] = 0
        p /= p.sum()
    return p


def sample_symbol(p: Array, u: float) -> int:
    """Return the symbol at quantile u, in [0, 1), of the distribution p (V,) (inverse transform sampling)."""
    cumulative = p.cumsum()
    symbol = int(np.searchsorted(cumulative, np.float64(u) * cumulative[-1], side="right"))
    return symbol if symbol < len(p) else int(np.flatnonzero(p)[-1])  # the product was rounded up to the sum
