"""Beam search over the decoders of one or several networks, a source at a time. Width 1 is greedy search."""

from collections.abc import Sequence

import numpy as np

from seqwright.kernels.reference.constraint import Automaton, permit_
from seqwright.kernels.reference.decoding import Decoding, ensemble_step
from seqwright.kernels.reference.hypothesis import Hypothesis, write
from seqwright.types import Array, Ids

__all__ = ["beam"]


def beam(
    members: Sequence[Decoding],
    automaton: Automaton | None,
    start_id: int,
    end_id: int,
    limits: Ids,
    shortest: Ids,
    groups: int,
    diversity: float,
    ids: Ids,
    log_probs: Array,
    lengths: Ids,
    own_end: Ids,
    attended: Array | None,
) -> None:
    """Write up to `width` targets of each source to ids, group by group, in the order in which the search ended them.

    Of all continuations of a group's live hypotheses the width / groups best go on, less one for each of its targets
    that has ended; what they are compared by is the sum of their log-probabilities, added in float64, less `diversity`
    for each time that an earlier group has chosen the symbol at this step. Of equals the better hypothesis, then the
    lower id, goes first; a NaN is better than any number, as argmax has it; a log-probability of -inf never goes on.
    This is `search.beam`; its ranking of the targets needs no more than what is written here.

    members: see `Decoding`; only read. Their probabilities are averaged at each step.   automaton: all targets are in
    its set.   limits (B,) int32: most symbols before the end; behind them, nothing else may come.
    shortest (B,) int32: fewest, where there is no automaton.
    ids (B, width, T) int32, log_probs (B, width, T): the symbols and the end, with T greater than every limit.
    lengths (B, width) int32: how many those are; 0 where there are fewer targets.   own_end (B, width) int32: 0 where
    only the limit brought the end about.   attended (B, width, T, S) or None if it is not wanted: where each symbol
    looked.   Of the last two, and of ids and log_probs behind a target's length, what is not said is left as it was.
    """
    B, width, T = ids.shape
    size = width // groups
    assert width % groups == 0, f"a beam of {width} cannot be shared by {groups} groups"
    assert width == 0 or (limits < T).all(), (
        f"{T} steps of ids do not hold {limits.max(initial=0)} symbols and their end"
    )
    lengths[:] = 0
    for source in range(B if width else 0):
        states = [member.rows(np.array([source])) for member in members]
        live = [Hypothesis.root(start_id)]
        shares = [[0]] * groups  # which of them each group has
        done = [0] * groups
        length = 0
        while live:
            log_p, looks = ensemble_step(states, np.array([one.symbol for one in live], np.int32), length)
            own = [
                permit_(row, automaton, one.state, end_id, limits[source] - length, length < shortest[source])
                for row, one in zip(log_p, live, strict=True)
            ]
            totals = np.array([one.total for one in live])
            said = np.zeros(log_p.shape[1])
            going: list[Hypothesis] = []
            parents: list[int] = []
            for group in range(groups):
                share = np.array(shares[group], np.intp)
                worth = totals[share, None] + log_p[share] - diversity * said
                first = len(going)
                for n, symbol in best(worth, log_p[share], size - done[group]):
                    k = int(share[n])
                    said[symbol] += 1
                    one = live[k].followed(symbol, log_p[k, symbol], None if looks is None else looks[k])
                    if symbol == end_id:
                        place = group * size + done[group]
                        write(one, source, place, own[k], ids, log_probs, lengths, own_end, attended)
                        done[group] += 1
                    else:
                        going.append(one.in_state(automaton))
                        parents.append(k)
                shares[group] = list(range(first, len(going)))
            live = going
            states = [state.rows(np.array(parents, np.intp)) for state in states]
            length += 1


def best(worth: Array, log_p: Array, room: int) -> list[tuple[int, int]]:
    """Return the places (row, symbol) of the best of worth (K, V), at most `room`, best first."""
    offered = np.where(np.isneginf(log_p), -np.inf, worth).ravel()  # beside a NaN, too
    order = np.argsort(-np.where(np.isnan(offered), np.inf, offered), kind="stable")[:room]
    return [divmod(int(place), worth.shape[1]) for place in order if not np.isneginf(offered[place])]
