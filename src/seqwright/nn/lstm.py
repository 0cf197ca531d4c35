"""LSTM over a padded batch of sequences of different lengths, read in either direction.

The equations are in docs/derivations/lstm.md and in `kernels.reference.lstm`, which states what padding means.
"""

from collections.abc import Sequence
from typing import NamedTuple

from seqwright import kernels
from seqwright.kernels.reference.lstm import Backward
from seqwright.nn.cache import Cache
from seqwright.nn.parameters import Declared, Role
from seqwright.types import Array, Ids

__all__ = ["Params", "State", "backward", "backward_both", "declared", "forward", "forward_both"]


class Params(NamedTuple):
    """Wx (D, 4H), Wh (H, 4H), b (4H,); gate columns i | f | g | o. Of `embedded_lstm`, b is a table (V, 4H)."""

    Wx: Array
    Wh: Array
    b: Array


class State(NamedTuple):
    """h and c (B, H), before the first or after the last step; also their gradients."""

    h: Array
    c: Array


def declared(D: int, H: int) -> dict[str, Declared]:
    """Return the parameters by name."""
    return {
        "Wx": Declared((D, 4 * H), Role.INPUT),
        "Wh": Declared((H, 4 * H), Role.RECURRENT),
        "b": Declared((4 * H,), Role.GATE_BIAS),
    }


def forward(
    p: Params,
    x: Array,
    lengths: Ids,
    start: State | None,
    cache: Cache,
    *,
    reverse: bool = False,
    ids: Ids | None = None,
    h: Array | None = None,
) -> tuple[Array, State]:
    """Return the output of each step (T, B, H) and the state after the last one.

    x (T, B, D).   lengths (B,): row b has lengths[b] steps; its state is passed through unchanged at padding.
    start: None for zeros.   reverse: read from the last symbol to the first; outputs stay at their symbol's step.
    ids (T, B): the row of p.b for each step, where that is a table.
    h (T + 1, B, H): output for all states, which may be some columns of a wider array; by default a buffer of `cache`.
    """
    states = _begin(p, x, lengths, start, cache, reverse=reverse, ids=ids, h=h)
    kernels.lstm_forward(x, lengths, *p, *states, reverse, start is None, ids)
    return _ended(*states[:2], reverse=reverse)


def _begin(
    p: Params, x: Array, lengths: Ids, start: State | None, cache: Cache, *, reverse: bool, ids: Ids | None,
    h: Array | None,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return h, c and gates for the forward kernel, and keep what backward needs."""
    T, B, D = x.shape
    H = p.Wh.shape[0]
    assert p.Wx.shape == (D, 4 * H), f"x has {D} features, Wx takes {p.Wx.shape[0]}"
    h = cache.new("h", (T + 1, B, H)) if h is None else h
    c, gates = cache.new("c", (T + 1, B, H)), cache.new("gates", (T, B, 4 * H))
    cache["x"], cache["lengths"], cache["ids"], cache["h"] = x, lengths, ids, h
    cache["start"] = None if start is None else start.h
    if start is not None:
        first = T if reverse else 0
        h[first], c[first] = start
    return h, c, gates


def _ended(h: Array, c: Array, *, reverse: bool) -> tuple[Array, State]:
    return (h[:-1], State(h[0], c[0])) if reverse else (h[1:], State(h[-1], c[-1]))


def backward(
    p: Params, dh: Array, dend: State | None, grads: Params, cache: Cache, *, reverse: bool = False
) -> tuple[Array, State]:
    """Add to the gradients of p, return dL/dx (T, B, D) and the gradient of the state before the first step.

    dh (T, B, H): gradient of each output; it may be some columns of a wider array.   dend: gradient of the last state,
    None for zeros; left unchanged.   The gradient of an initial state of zeros (start None) is 0.
    Consumes the cache: one backward for each forward.
    """
    arrays, dx, dstate = _begin_backward(p, dh, dend, grads, cache)
    zero_start, x, lengths = cache.get("start") is None, cache["x"], cache["lengths"]
    kernels.lstm_backward(*arrays[:3], x, lengths, *arrays[3:], reverse, zero_start, cache.get("ids"))
    return dx, dstate


def _begin_backward(
    p: Params, dh: Array, dend: State | None, grads: Params, cache: Cache
) -> tuple[Backward, Array, State]:
    """Return the arrays of the backward kernel besides x and lengths, dL/dx, and the gradient of the initial state."""
    x, h, c = cache["x"], cache["h"], cache["c"]
    dx = cache.new("dx", x.shape)
    dstate = State(cache.new("dh_end", h.shape[1:]), cache.new("dc_end", c.shape[1:]))
    dstate.h[:], dstate.c[:] = (0, 0) if dend is None else dend
    return (dh, *dstate, p.Wx, p.Wh, h, c, cache["gates"], dx, *grads), dx, dstate


def forward_both(
    ps: Sequence[Params],
    x: Array,
    lengths: Ids,
    caches: Sequence[Cache],
    *,
    hs: Sequence[Array],
    ids: Ids | None = None,
) -> list[State]:
    """Return the last states of a forward and a backward direction, both from zeros.

    ps, caches: of each.   hs: two arrays (S + 1, B, H) for all states.   The other arguments are those of `forward`.
    """
    begun = [
        (*p, *_begin(p, x, lengths, None, cache, reverse=reverse, ids=ids, h=h))
        for p, cache, reverse, h in zip(ps, caches, (False, True), hs, strict=True)
    ]
    kernels.bilstm_forward(x, lengths, begun[0], begun[1], ids)
    return [_ended(h, c, reverse=reverse)[1] for (_, _, _, h, c, _), reverse in zip(begun, (False, True), strict=True)]


def backward_both(
    ps: Sequence[Params],
    dhs: Sequence[Array],
    dends: Sequence[State | None],
    grads: Sequence[Params],
    caches: Sequence[Cache],
) -> list[Array]:
    """Add to the gradients of both directions, return dL/dx of each."""
    one, other = (_begin_backward(*of) for of in zip(ps, dhs, dends, grads, caches, strict=True))
    cache = caches[0]
    kernels.bilstm_backward(cache["x"], cache["lengths"], one[0], other[0], cache.get("ids"))
    return [one[1], other[1]]
