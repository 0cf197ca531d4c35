"""Scoring of given targets (forced decoding)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from seqwright.search.candidate import Candidate
from seqwright.search.ranking import Ranking
from seqwright.search.step import State, Step
from seqwright.types import Array, Ids

__all__ = ["forced"]

S = TypeVar("S", bound=State)


def forced(
    step: Step[S],
    state: S,
    targets: Sequence[Sequence[int]],
    *,
    start_id: int,
    end_id: int,
    source_lengths: Ids | None = None,
    ranking: Ranking = Ranking(),  # noqa: B008 - a tuple cannot change
) -> list[Candidate]:
    """Return each source's target, one for each of B sources, with its log-probabilities; all count as finished.

    A forbidden id has log-probability -inf.
    """
    log_probs: list[list[float]] = [[] for _ in targets]
    attention_weights: list[list[Array]] = [[] for _ in targets]
    running = np.arange(len(targets))  # the source in each column of the state
    last = np.full((1, len(targets)), start_id, np.int32)
    length = 0
    while running.size:
        step_log_probs, state = step(last, state)
        symbols = np.array([[*targets[source], end_id][length] for source in running.tolist()], np.int32)
        for column, source in enumerate(running.tolist()):
            log_probs[source].append(float(step_log_probs[0, column, symbols[column]]))
            if state.attention_weights is not None:
                attention_weights[source].append(state.attention_weights[0, column].copy())
        length += 1
        going = np.array([c for c, source in enumerate(running.tolist()) if length <= len(targets[source])], np.intp)
        if len(going) < len(running):
            running, symbols, state = running[going], symbols[going], state.keep(going)  # type: ignore[assignment]
        last = symbols[None]
    found = []
    for source, ids in enumerate(targets):
        weights = np.stack(attention_weights[source]) if attention_weights[source] else None
        S = None if source_lengths is None else int(source_lengths[source])
        score = ranking.score(sum(log_probs[source]), len(log_probs[source]), weights, S)
        found.append(Candidate(list(ids), log_probs[source], score, True, weights))
    return found
