"""The best next symbol, again and again."""

from typing import TypeVar

import numpy as np

from seqwright.search.candidate import Candidate
from seqwright.search.step import State, Step
from seqwright.types import Array, Ids

__all__ = ["greedy"]

S = TypeVar("S", bound=State)


def greedy(step: Step[S], state: S, *, start_id: int, end_id: int, max_lengths: Ids) -> list[Candidate]:
    """Return the greedy target of each source; its score is the mean log-probability of a symbol, the end's with it.

    state: of one hypothesis for each of B sources.   max_lengths (B,): most symbols before the end symbol; behind them,
    the end comes whatever the model says.   Of equal symbols the one with the lowest id is taken.
    A source that has ended leaves the batch.
    """
    B = len(max_lengths)
    ids: list[list[int]] = [[] for _ in range(B)]
    log_probs: list[list[float]] = [[] for _ in range(B)]
    totals = [0.0] * B  # one addition a step, as in beam search; `sum` rounds differently from Python 3.12 on
    attended: list[list[Array]] = [[] for _ in range(B)]
    own_end = [True] * B
    running = np.arange(B)  # the source in each column of the state
    last = np.full((1, B), start_id, np.int32)
    while running.size:
        scores, state = step(last, state)
        best = scores[0].argmax(axis=1).astype(np.int32)
        going = []
        for column, source in enumerate(running.tolist()):
            if len(ids[source]) == max_lengths[source]:
                own_end[source] = bool(best[column] == end_id)
                best[column] = end_id
            log_probs[source].append(float(scores[0, column, best[column]]))
            totals[source] += log_probs[source][-1]
            if state.attended is not None:
                attended[source].append(state.attended[0, column].copy())
            if best[column] != end_id:
                ids[source].append(int(best[column]))
                going.append(column)
        if len(going) < len(running):
            kept = np.array(going, np.intp)
            running, best, state = running[kept], best[kept], state.keep(kept)  # type: ignore[assignment]
        last = best[None]
    return [
        Candidate(i, p, total / len(p), own, np.stack(a) if a else None)
        for i, p, total, own, a in zip(ids, log_probs, totals, own_end, attended, strict=True)
    ]
