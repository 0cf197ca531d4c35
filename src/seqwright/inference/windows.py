"""One answer from the answers to the windows of a long source.

Where nothing is required of the whole answer, the windows are searched independently and their answers combined. A
constraint and given lengths hold for the whole: the windows are then searched in order, and each search begins where
those before it have ended, in the state of the automaton and in the number of tokens.
"""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from seqwright.data.limits import Limits
from seqwright.inference.options import Options
from seqwright.inference.reading import Reading
from seqwright.search import Candidate

__all__ = ["Chain", "carried", "combined", "must_be_carried"]

Search = Callable[[Sequence[Sequence[int]], Options], list[list[Candidate]]]


class Chain(NamedTuple):
    """The answers to the windows of one source, in order; fewer where the greatest length has ended the whole.

    spaces: whether a space is put after each; None where the texts decide.
    """

    parts: list[Candidate]
    spaces: list[bool] | None = None


def must_be_carried(options: Options) -> bool:
    """Return whether something is required of a whole answer that answers to its windows do not give by themselves."""
    return bool(options.constraint or options.min_length) or options.max_length is not None


def combined(found: Sequence[Sequence[Candidate]], options: Options) -> list[Chain]:
    """Return up to n_best answers to a source from those to each of its windows, which are independent.

    The first has the first answer to each window; the others follow in the order of how much their parts' scores fall
    short of the best ones, added up. Samples are joined as they were drawn, independently of their scores.
    """
    if not found or not all(found):
        return []
    if len(found) == 1:
        return [Chain([part]) for part in found[0][: options.n_best]]
    if options.sampling:
        drawn = [_shuffled(samples, options, i) for i, samples in enumerate(found)]
        chains = [Chain(list(parts)) for parts in zip(*drawn, strict=True)]
        return sorted(chains, key=lambda chain: -_score(chain))
    return _best(found, options.n_best)


def _best(found: Sequence[Sequence[Candidate]], n: int) -> list[Chain]:
    """Return the n combinations of one candidate of each window that lose least, by a search from the best one."""
    chains: dict[tuple[tuple[int, ...], ...], Chain] = {}
    ahead = [(0.0, (0,) * len(found))]
    seen = {ahead[0][1]}
    while ahead and len(chains) < n:
        loss, ranks = heapq.heappop(ahead)
        parts = [some[rank] for some, rank in zip(found, ranks, strict=True)]
        chains.setdefault(tuple(tuple(part.ids) for part in parts), Chain(parts))
        for i, rank in enumerate(ranks):
            worse = (*ranks[:i], rank + 1, *ranks[i + 1 :])
            if n > 1 and rank + 1 < len(found[i]) and worse not in seen:
                seen.add(worse)
                heapq.heappush(ahead, (loss + found[i][rank].score - found[i][rank + 1].score, worse))
    return list(chains.values())


def _shuffled(samples: Sequence[Candidate], options: Options, window: int) -> list[Candidate]:
    """Return samples, which a search orders by their scores, in random order."""
    order = np.random.default_rng([options.seed, window]).permutation(len(samples))
    return [samples[i] for i in order]


def _score(chain: Chain) -> float:
    """Return the mean log-probability of all symbols."""
    log_probs = [log_prob for part in chain.parts for log_prob in part.log_probs]
    return sum(log_probs) / max(1, len(log_probs))


class _Begun(NamedTuple):
    """A chain that is not yet complete.

    n_tokens: with the spaces between its parts.   state: of the constraint's automaton after them.
    """

    chain: Chain
    n_tokens: int
    last: int  # the id of the last token, -1 before the first
    state: int


def carried(read: Reading, options: Options, search: Search, *, limits: Limits, space: int | None) -> list[Chain]:
    """Return up to n_best answers to a source in windows that meet constraint and lengths as a whole, best first.

    search: returns candidates for ids, as options say.   space: the id of a space, which follows the answer to a window
    that ends in one, if the model has it and the constraint and the lengths allow it.
    """
    begun = [_Begun(Chain([], []), 0, -1, 0)]
    n_read, n_all = 0, max(1, sum(len(window.ids) for window in read.windows))
    for i, window in enumerate(read.windows):
        n_read += len(window.ids)
        is_last = i + 1 == len(read.windows)
        at_space = not is_last and bool(window.places) and read.tokens[window.places[-1]].isspace()
        longer = []
        for k, one in enumerate(begun):
            rest = _rest(one, options, n_read / n_all, limits.max_length(len(window.ids)), is_last=is_last)
            [found] = search([window.ids], rest)
            if options.sampling and i:
                found = _shuffled(found, options, i)[k : k + 1]  # n_best were drawn for each
            longer += [_extended(one, part, options, space if at_space else None) for part in found]
        best_first = sorted(longer, key=lambda one: -_score(one.chain))
        begun = longer if options.sampling and not is_last else best_first[: options.n_best]
    return [one.chain for one in begun]


def _rest(one: _Begun, options: Options, share: float, usual: int, *, is_last: bool) -> Options:
    """Return the options for the next window.

    share: how much of the source is read with it.   usual: the greatest length of an answer to the window alone.
    """
    most = None if options.max_length is None else options.max_length - one.n_tokens
    least = options.min_length
    if least is not None:
        least = max(0, -int(-(least * share) // 1) - one.n_tokens)
        least = least if most is None else min(least, most)
    constraint = options.constraint
    if constraint is not None:
        constraint = constraint.resumed(one.state, open_end=not is_last, bounded=most is not None)
    elif most is not None:
        most = min(most, max(usual, least or 0))
    return dataclasses.replace(options, constraint=constraint, min_length=least, max_length=most)


def _extended(one: _Begun, part: Candidate, options: Options, space: int | None) -> _Begun:
    """Return the chain with one more part, and a space after it if `space` is given and may follow."""
    assert one.chain.spaces is not None, "a chain that is carried says where its spaces are"
    state = one.state
    if options.constraint is not None:
        for symbol in part.ids:
            state = options.constraint.after(state, symbol)
    n, last = one.n_tokens + len(part.ids), part.ids[-1] if part.ids else one.last
    room = None if options.max_length is None else options.max_length - n
    spaced = space is not None and last != space and (room is None or room > 0)
    if spaced and options.constraint is not None:
        assert space is not None
        following = options.constraint.after(state, space)
        spaced = following >= 0 and options.constraint.needs(following) <= (1 << 30 if room is None else room - 1)
        state = following if spaced else state
    if spaced:
        assert space is not None
        n, last = n + 1, space
    return _Begun(Chain([*one.chain.parts, part], [*one.chain.spaces, spaced]), n, last, state)
