"""LSTM over a padded batch of sequences of different lengths, read in either direction.

The equations are in docs/derivations/lstm.md and in `kernels.reference.lstm`, which states what padding means.
"""

from typing import NamedTuple

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.nn.parameters import Declared, Role
from seqwright.types import Array, Ids

__all__ = ["Params", "State", "backward", "declared", "forward"]


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
    T, B, D = x.shape
    H = p.Wh.shape[0]
    assert p.Wx.shape == (D, 4 * H), f"x has {D} features, Wx takes {p.Wx.shape[0]}"
    h = cache.new("h", (T + 1, B, H)) if h is None else h
    c, gates = cache.new("c", (T + 1, B, H)), cache.new("gates", (T, B, 4 * H))
    cache["x"], cache["lengths"], cache["ids"], cache["h"] = x, lengths, ids, h
    cache["start"] = None if start is None else start.h
    first, last = (T, 0) if reverse else (0, T)
    if start is not None:
        h[first], c[first] = start
    kernels.lstm_forward(x, lengths, p.Wx, p.Wh, p.b, h, c, gates, reverse, start is None, ids)
    return (h[:-1] if reverse else h[1:]), State(h[last], c[last])


def backward(
    p: Params, dh: Array, dend: State | None, grads: Params, cache: Cache, *, reverse: bool = False
) -> tuple[Array, State]:
    """Add to the gradients of p, return dL/dx (T, B, D) and the gradient of the state before the first step.

    dh (T, B, H): gradient of each output; it may be some columns of a wider array.   dend: gradient of the last state,
    None for zeros; left unchanged.   The gradient of an initial state of zeros (start None) is 0.
    Consumes the cache: one backward for each forward.
    """
    x, h, c = cache["x"], cache["h"], cache["c"]
    dx = cache.new("dx", x.shape)
    dstate = State(cache.new("dh_end", h.shape[1:]), cache.new("dc_end", c.shape[1:]))
    dstate.h[:], dstate.c[:] = (0, 0) if dend is None else dend
    kernels.lstm_backward(
        dh, *dstate, x, cache["lengths"], p.Wx, p.Wh, h, c, cache["gates"], dx, *grads,
        reverse, cache.get("start") is None, cache.get("ids"),
    )  # fmt: skip
    return dx, dstate
