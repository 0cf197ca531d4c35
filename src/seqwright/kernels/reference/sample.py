"""Targets drawn from the decoders of one or several networks, a source at a time."""

from collections.abc import Sequence

import numpy as np

from seqwright.kernels.reference.constraint import Automaton, permit_
from seqwright.kernels.reference.decoding import Decoding, ensemble_step
from seqwright.kernels.reference.hypothesis import Hypothesis, write
from seqwright.types import Array, Ids

__all__ = ["chances", "drawn", "sample"]


def sample(
    members: Sequence[Decoding],
    automaton: Automaton | None,
    start_id: int,
    end_id: int,
    limits: Ids,
    shortest: Ids,
    uniforms: Array,
    temperature: float,
    top_k: int,
    top_p: float,
    ids: Ids,
    log_probs: Array,
    lengths: Ids,
    own_end: Ids,
    attended: Array | None,
) -> None:
    """Write `width` targets of each source to ids, each symbol drawn from its `chances`.

    uniforms (B, T, width) in [0, 1): step t of target k of a source draws with [source, t, k], see `drawn`.
    The log-probabilities are those of the model, whatever was drawn from. The other arguments are those of `beam`.
    """
    B, width, T = ids.shape
    assert width == 0 or (limits < T).all(), (
        f"{T} steps of ids do not hold {limits.max(initial=0)} symbols and their end"
    )
    lengths[:] = 0
    for source in range(B):
        states = [member.rows(np.full(width, source)) for member in members]
        live = [(k, Hypothesis.root(start_id)) for k in range(width)]
        length = 0
        while live:
            log_p, looks = ensemble_step(states, np.array([one.symbol for _, one in live], np.int32), length)
            going: list[tuple[int, Hypothesis]] = []
            parents: list[int] = []
            for row, (k, before) in enumerate(live):
                p = log_p[row]
                n_left = limits[source] - length
                own = permit_(p, automaton, before.state, end_id, n_left, length < shortest[source])
                if np.isneginf(p).all():  # nothing may follow: there is no such target
                    continue
                symbol = drawn(
                    chances(p, temperature=temperature, top_k=top_k, top_p=top_p), uniforms[source, length, k]
                )
                one = before.followed(symbol, p[symbol], None if looks is None else looks[row])
                if symbol == end_id:
                    write(one, source, k, own, ids, log_probs, lengths, own_end, attended)
                else:
                    going.append((k, one.in_state(automaton)))
                    parents.append(row)
            live = going
            states = [state.rows(np.array(parents, np.intp)) for state in states]
            length += 1


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
