"""Beam search over a decoder's parameters, a source at a time. Width 1 is greedy search."""

from collections.abc import Sequence

import numpy as np

from seqwright.kernels.reference.generate import decoder_step, log_softmax
from seqwright.types import Array, Ids

__all__ = ["beam"]


def beam(
    E: Array,
    layers: Sequence[tuple[Array, Array, Array]],
    attention: tuple[Array | None, Array, Array] | None,
    W: Array,
    b: Array,
    h: Array,
    c: Array,
    peek: Array | None,
    memory: Array | None,
    memory_lengths: Ids | None,
    start_id: int,
    end_id: int,
    limits: Ids,
    shortest: Ids,
    ids: Ids,
    log_probs: Array,
    lengths: Ids,
    own_end: Ids,
    attended: Array | None,
    packed: Array | None = None,  # noqa: ARG001 - what a faster kernel made of the weights
    int8: bool = False,
) -> None:
    """Write up to `width` different targets of each source to ids, in the order in which the search finished them.

    Of all continuations of a source's live hypotheses the `width` best go on, less one for each target that has ended;
    what they are compared by is the sum of their log-probabilities, added in float64. Of equals the better hypothesis,
    then the lower id, goes first; a NaN is better than any number, as argmax has it; a log-probability of -inf never
    goes on. This is `search.beam` without constraints and in one group; its ranking of the
    targets needs no more than what is written here.

    E, layers, attention, W, peek, memory, memory_lengths, packed, int8: as for `generate`.
    b (V,): -inf forbids a symbol.
    h, c (L, B, H): the state before the first symbol, only read.
    limits (B,) int32: most symbols before the end; behind them, nothing else may come.   shortest (B,): fewest.
    ids (B, width, T) int32, log_probs (B, width, T): the symbols and the end, with T greater than every limit.
    lengths (B, width) int32: how many those are; 0 where there are fewer targets.   own_end (B, width) int32: 0 where
    only the limit brought the end about.   attended (B, width, T, S) or None if it is not wanted: where each symbol
    looked.   Of the last two, and of ids and log_probs behind a target's length, what is not said is left as it was.
    """
    B, width, T = ids.shape
    assert width == 0 or (limits < T).all(), (
        f"{T} steps of ids do not hold {limits.max(initial=0)} symbols and their end"
    )
    lengths[:] = 0
    for source in range(B):
        done = 0
        live = np.zeros(1, np.intp)  # the parents of the hypotheses, in the order of the last step
        state_h, state_c = h[:, source : source + 1], c[:, source : source + 1]
        totals = np.zeros(1)
        said, said_log_probs = np.empty((1, 0), np.int32), np.empty((1, 0), E.dtype)  # (K, t)
        looked = np.empty((1, 0, 0 if memory is None else len(memory)), E.dtype)  # (K, t, S)
        while len(live) and done < width:
            K, t = said.shape
            one = np.full(K, source)
            state_h, state_c = state_h[:, live].copy(), state_c[:, live].copy()
            scores, looks = decoder_step(
                E, layers, attention, W, b, state_h, state_c,
                None if peek is None else peek[one],
                None if memory is None else memory[:, one],
                None if memory_lengths is None else memory_lengths[one],
                said[:, -1] if t else np.full(K, start_id, np.int32),
                int8,
            )  # fmt: skip
            log_p = log_softmax(scores)  # (K, V)
            V = log_p.shape[1]
            full = t >= limits[source]
            own = log_p.argmax(axis=1) == end_id if full else np.ones(K, np.bool_)
            if full:
                log_p[:, np.arange(V) != end_id] = -np.inf
            elif t < shortest[source]:
                log_p[:, end_id] = -np.inf
            offered = np.where(np.isneginf(log_p), -np.inf, log_p + totals[:, None]).ravel()  # beside a NaN, too
            order = np.argsort(-np.where(np.isnan(offered), np.inf, offered), kind="stable")[: width - done]
            order = order[~np.isneginf(offered[order])]
            (parents, symbols), totals = np.divmod(order, V), offered[order]
            said = np.concatenate([said[parents], symbols[:, None].astype(np.int32)], axis=1)
            said_log_probs = np.concatenate([said_log_probs[parents], log_p[parents, symbols][:, None]], axis=1)
            if looks is not None:
                looked = np.concatenate([looked[parents], looks[parents][:, None]], axis=1)
            for j in np.flatnonzero(symbols == end_id):
                ids[source, done, : t + 1], log_probs[source, done, : t + 1] = said[j], said_log_probs[j]
                lengths[source, done], own_end[source, done] = t + 1, own[parents[j]]
                if attended is not None:
                    attended[source, done, : t + 1] = looked[j]
                done += 1
            going = symbols != end_id
            live, totals, said, said_log_probs = parents[going], totals[going], said[going], said_log_probs[going]
            looked = looked[going] if looks is not None else looked[: len(live)]
