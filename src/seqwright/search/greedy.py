"""The best next symbol, again and again."""

from typing import TypeVar

import numpy as np

from seqwright.search.automaton import Automaton
from seqwright.search.candidate import Candidate
from seqwright.search.constraint import advance, permit_
from seqwright.search.ranking import Ranking
from seqwright.search.step import State, Step
from seqwright.types import Array, Ids

__all__ = ["greedy"]

S = TypeVar("S", bound=State)


def greedy(
    step: Step[S],
    state: S,
    *,
    start_id: int,
    end_id: int,
    max_lengths: Ids,
    min_lengths: Ids | None = None,
    source_lengths: Ids | None = None,
    ranking: Ranking = Ranking(),  # noqa: B008 - a tuple cannot change
    constraint: Automaton | None = None,
) -> list[Candidate]:
    """Return the greedy target of each source.

    state: of one hypothesis for each of B sources.   max_lengths (B,): most symbols before the end symbol; behind them,
    the end comes whatever the model says.   min_lengths, source_lengths, constraint: as for `beam`.
    Of equal symbols the one with the lowest id is taken. A source that has ended leaves the batch.
    """
    B = len(max_lengths)
    shortest = np.zeros(B, np.int32) if min_lengths is None else min_lengths
    ids: list[list[int]] = [[] for _ in range(B)]
    log_probs: list[list[float]] = [[] for _ in range(B)]
    totals = [0.0] * B  # one addition a step, as in beam search; `sum` rounds differently from Python 3.12 on
    attended: list[list[Array]] = [[] for _ in range(B)]
    own_end = [True] * B
    places = [0] * B
    running = np.arange(B)  # the source in each column of the state
    last = np.full((1, B), start_id, np.int32)
    length = 0
    while running.size:
        scores, state = step(last, state)
        n_left = max_lengths[running] - length
        own = permit_(
            scores, [[places[source]] for source in running.tolist()], constraint,
            end_id=end_id, n_left=n_left, too_short=shortest[running] > length,
        )  # fmt: skip
        length += 1
        best = scores[0].argmax(axis=1).astype(np.int32)
        best[n_left <= 0] = end_id  # also where no symbol is the end's, and a search runs to the greatest length
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
            places[source] = advance(constraint, places[source], symbol)
        if len(going) < len(running):
            kept = np.array(going, np.intp)
            running, best, state = running[kept], best[kept], state.keep(kept)  # type: ignore[assignment]
        last = best[None]
    found = []
    for source in range(B):
        looked = np.stack(attended[source]) if attended[source] else None
        S = None if source_lengths is None else int(source_lengths[source])
        score = ranking.score(totals[source], len(log_probs[source]), looked, S)
        found.append(Candidate(ids[source], log_probs[source], score, own_end[source], looked))
    return found
