"""The best next symbol, again and again."""

from typing import TypeVar

import numpy as np

from seqwright.search.candidate import Candidate
from seqwright.search.constraint import advance, permit_
from seqwright.search.rules import Rules
from seqwright.search.step import State, Step
from seqwright.types import Array

__all__ = ["greedy"]

S = TypeVar("S", bound=State)


def greedy(
    step: Step[S],
    state: S,
    rules: Rules,
) -> list[Candidate]:
    """Return the greedy target of each source.

    state: of one hypothesis for each of B sources.   Behind the greatest length, the end comes whatever the model says.
    Of equal symbols the one with the lowest id is taken. A source that has ended leaves the batch.
    """
    B = len(rules.max_lengths)
    end_id = rules.end_id
    ids: list[list[int]] = [[] for _ in range(B)]
    log_probs: list[list[float]] = [[] for _ in range(B)]
    totals = [0.0] * B  # one addition a step, as in beam search; `sum` rounds differently from Python 3.12 on
    attended: list[list[Array]] = [[] for _ in range(B)]
    own_end = [True] * B
    places = [0] * B
    running = np.arange(B)  # the source in each column of the state
    last = np.full((1, B), rules.start_id, np.int32)
    length = 0
    while running.size:
        scores, state = step(last, state)
        states = [[places[source]] for source in running.tolist()]
        own = permit_(scores, states, rules, sources=running, length=length)
        full = rules.max_lengths[running] <= length
        length += 1
        best = scores[0].argmax(axis=1).astype(np.int32)
        best[full] = end_id  # also where no symbol is the end's, and a search runs to the greatest length
        going = []
        for column, source in enumerate(running.tolist()):
            symbol = int(best[column])
            log_probs[source].append(float(scores[0, column, symbol]))
            totals[source] += log_probs[source][-1]
            if state.attended is not None:
                attended[source].append(state.attended[0, column].copy())
            if symbol == end_id:
                own_end[source] = bool(own[0, column])
                continue
            ids[source].append(symbol)
            going.append(column)
            places[source] = advance(rules.constraint, places[source], symbol)
        if len(going) < len(running):
            kept = np.array(going, np.intp)
            running, best, state = running[kept], best[kept], state.keep(kept)  # type: ignore[assignment]
        last = best[None]
    found = []
    for source in range(B):
        looked = np.stack(attended[source]) if attended[source] else None
        score = rules.score(source, totals[source], len(log_probs[source]), looked)
        found.append(Candidate(ids[source], log_probs[source], score, own_end[source], looked))
    return found
