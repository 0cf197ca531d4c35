"""One answer to a long source from the candidates for its windows.

Without a constraint and without given lengths the windows are searched independently and their candidates combined. A
constraint and given lengths apply to the whole answer: the windows are then searched in order, and each search
continues from the automaton's state and the number of tokens of the candidates before it.
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

__all__ = ["Chain", "combined", "depend", "searched_in_order"]

Search = Callable[[Sequence[Sequence[int]], Options], list[list[Candidate]]]


class Chain(NamedTuple):
    """The candidates for the windows of one source, in order; fewer if the maximum length was reached.

    spaces: whether a space follows each; None: decided when the text is joined.
    """

    parts: list[Candidate]
    spaces: list[bool] | None = None


def depend(options: Options) -> bool:
    """Return whether options restrict the whole answer, so that its windows cannot be searched independently."""
    return bool(options.constraint or options.min_length) or options.max_length is not None


def combined(found: Sequence[Sequence[Candidate]], options: Options) -> list[Chain]:
    """Return up to n_best chains of the candidates for independent windows, best first.

    Chains are ordered by the sum, over windows, of the best candidate's score minus the chosen one's. Samples are
    combined in random order, independently of their scores.
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
    """Return the n combinations of one candidate of each window with the least loss of score, by best-first search."""
    chains: dict[tuple[tuple[int, ...], ...], Chain] = {}
    queue = [(0.0, (0,) * len(found))]
    seen = {queue[0][1]}
    while queue and len(chains) < n:
        loss, ranks = heapq.heappop(queue)
        parts = [some[rank] for some, rank in zip(found, ranks, strict=True)]
        chains.setdefault(tuple(tuple(part.ids) for part in parts), Chain(parts))
        for i, rank in enumerate(ranks):
            worse = (*ranks[:i], rank + 1, *ranks[i + 1 :])
            if n > 1 and rank + 1 < len(found[i]) and worse not in seen:
                seen.add(worse)
                heapq.heappush(queue, (loss + found[i][rank].score - found[i][rank + 1].score, worse))
    return list(chains.values())


def _shuffled(samples: Sequence[Candidate], options: Options, window: int) -> list[Candidate]:
    """Return samples, which a search sorts by score, in random order."""
    order = np.random.default_rng([options.seed, window]).permutation(len(samples))
    return [samples[i] for i in order]


def _score(chain: Chain) -> float:
    """Return the mean log-probability of all symbols."""
    log_probs = [log_prob for part in chain.parts for log_prob in part.log_probs]
    return sum(log_probs) / max(1, len(log_probs))


class _Partial(NamedTuple):
    """A chain for the first windows.

    n_tokens: including spaces between parts.   state: of the constraint's automaton after them.
    """

    chain: Chain
    n_tokens: int
    last: int  # the id of the last token, -1 before the first
    state: int


def searched_in_order(
    reading: Reading, options: Options, search: Search, *, limits: Limits, space: int | None
) -> list[Chain]:
    """Return up to n_best chains that satisfy the constraint and the lengths as a whole, best first.

    search: returns the candidates of sources of ids.   space: the id of a space, appended after a window that ends in
    one if the constraint and the lengths allow it; None: the model has no space.
    """
    partials = [_Partial(Chain([], []), 0, -1, 0)]
    n_read, n_ids = 0, max(1, sum(len(window.ids) for window in reading.windows))
    for i, window in enumerate(reading.windows):
        n_read += len(window.ids)
        is_last = i + 1 == len(reading.windows)
        at_space = not is_last and bool(window.positions) and reading.tokens[window.positions[-1]].isspace()
        extended = []
        for k, partial in enumerate(partials):
            max_length = limits.max_length(len(window.ids))
            remaining = _remaining(partial, options, n_read / n_ids, max_length, is_last=is_last)
            [found] = search([window.ids], remaining)
            if options.sampling and i:
                found = _shuffled(found, options, i)[k : k + 1]  # n_best were drawn for each
            extended += [_extended(partial, part, options, space if at_space else None) for part in found]
        best_first = sorted(extended, key=lambda one: -_score(one.chain))
        partials = extended if options.sampling and not is_last else best_first[: options.n_best]
    return [partial.chain for partial in partials]


def _remaining(partial: _Partial, options: Options, share: float, default: int, *, is_last: bool) -> Options:
    """Return the options for the next window.

    share: fraction of the source up to the end of this window.   default: maximum length for the window alone.
    """
    max_length = None if options.max_length is None else options.max_length - partial.n_tokens
    min_length = options.min_length
    if min_length is not None:
        min_length = max(0, -int(-(min_length * share) // 1) - partial.n_tokens)
        min_length = min_length if max_length is None else min(min_length, max_length)
    constraint = options.constraint
    if constraint is not None:
        constraint = constraint.resumed(partial.state, open_end=not is_last, bounded=max_length is not None)
    elif max_length is not None:
        max_length = min(max_length, max(default, min_length or 0))
    return dataclasses.replace(options, constraint=constraint, min_length=min_length, max_length=max_length)


def _extended(partial: _Partial, part: Candidate, options: Options, space: int | None) -> _Partial:
    """Return the chain with one more part, and with a space after it if `space` is given and allowed."""
    assert partial.chain.spaces is not None, "a chain that is searched in order records its spaces"
    state = partial.state
    if options.constraint is not None:
        for symbol in part.ids:
            state = options.constraint.after(state, symbol)
    n, last = partial.n_tokens + len(part.ids), part.ids[-1] if part.ids else partial.last
    n_free = None if options.max_length is None else options.max_length - n
    spaced = space is not None and last != space and (n_free is None or n_free > 0)
    if spaced and options.constraint is not None:
        assert space is not None
        following = options.constraint.after(state, space)
        spaced = following >= 0 and options.constraint.needs(following) <= (1 << 30 if n_free is None else n_free - 1)
        state = following if spaced else state
    if spaced:
        assert space is not None
        n, last = n + 1, space
    return _Partial(Chain([*partial.chain.parts, part], [*partial.chain.spaces, spaced]), n, last, state)
