"""An LSTM over whole sequences of different lengths.

Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; gate columns are i | f | g | o.
The algebra is in docs/derivations/lstm.md, in this order and with these letters.

A step t >= lengths[b] is padding: row b passes its state through, so the state after the last step is the state after
the last real one. Read backwards (`reverse`), a row keeps its initial state until its own last symbol. Both directions
therefore have the same rule, and padding never changes a result.
"""

from typing import TypeAlias

import numpy as np

from seqwright.types import Array, Ids

__all__ = [
    "Backward",
    "Forward",
    "activate_",
    "bilstm_backward",
    "bilstm_forward",
    "lstm_backward",
    "lstm_forward",
    "steps",
]

Forward: TypeAlias = tuple[Array, Array, Array, Array, Array, Array]  # Wx, Wh, b, h, c, gates
# dh, dh_end, dc_end, Wx, Wh, h, c, gates, dx, dWx, dWh, db
Backward: TypeAlias = tuple[Array, Array, Array, Array, Array, Array, Array, Array, Array, Array, Array, Array]


def lstm_forward(
    x: Array,
    lengths: Ids,
    Wx: Array,
    Wh: Array,
    b: Array,
    h: Array,
    c: Array,
    gates: Array,
    reverse: bool,
    zero_start: bool = False,
    ids: Ids | None = None,
) -> None:
    """Write the state after every step to h and c, and the gate activations to `gates`.

    x (T, B, D).   lengths (B,) int32.   Wx (D, 4H).   Wh (H, 4H).   b (4H,).   gates (T, B, 4H); values at padding
    are unspecified.
    h, c (T + 1, B, H): the caller puts the initial state in h[0], c[0] and step t writes h[t + 1], c[t + 1];
    with `reverse`, the initial state is h[T], c[T] and step t, from T - 1 down, writes h[t], c[t].
    h may be some columns of a wider array.   zero_start: the initial state is zeros, which are written there.
    ids (T, B) int32 in [0, V), or None: with them b is (V, 4H), a bias for each symbol, so that an embedding's share of
    the sums can be in it.
    """
    T, B, D = x.shape
    H = Wh.shape[0]
    np.matmul(x.reshape(T * B, D), Wx, out=gates.reshape(T * B, 4 * H))  # all input products at once
    gates += b if ids is None else b[ids]
    if zero_start:
        first = T if reverse else 0
        h[first], c[first] = 0, 0
    for t, before, after in steps(T, reverse):
        a = gates[t]
        a += h[before] @ Wh
        activate_(a)
        i, f, g, o = np.split(a, 4, axis=1)
        c[after] = f * c[before] + i * g
        h[after] = o * np.tanh(c[after])
        padded = t >= lengths
        if padded.any():
            h[after, padded] = h[before, padded]
            c[after, padded] = c[before, padded]


def lstm_backward(
    dh: Array,
    dh_end: Array,
    dc_end: Array,
    x: Array,
    lengths: Ids,
    Wx: Array,
    Wh: Array,
    h: Array,
    c: Array,
    gates: Array,
    dx: Array,
    dWx: Array,
    dWh: Array,
    db: Array,
    reverse: bool,
    zero_start: bool = False,
    ids: Ids | None = None,
) -> None:
    """Write dL/dx to dx and add dL/dWx, dL/dWh, dL/db; h, c and gates are as `lstm_forward` left them.

    dh (T, B, H): gradient arriving at the output of each step; as h, it may be some columns of a wider array.
    dh_end, dc_end (B, H): gradient of the last state; overwritten with the gradient of the initial state, or with 0
    where that was zeros (`zero_start`), which nothing can change.
    gates (T, B, 4H): overwritten with da, the gradient before the activations.
    """
    T, B, D = x.shape
    H = Wh.shape[0]
    for t, before, after in reversed(steps(T, reverse)):
        dh_end += dh[t]
        i, f, g, o = np.split(gates[t], 4, axis=1)
        tanh_c = np.tanh(c[after])
        dc = dc_end + dh_end * o * (1 - tanh_c**2)
        da = np.concatenate(
            [
                dc * g * i * (1 - i),  # σ' = i (1 - i)
                dc * c[before] * f * (1 - f),
                dc * i * (1 - g**2),  # tanh' = 1 - g²
                dh_end * tanh_c * o * (1 - o),
            ],
            axis=1,
        )
        live = (t < lengths)[:, None]
        da *= live
        np.copyto(dc_end, dc * f, where=live)
        np.copyto(dh_end, da @ Wh.T, where=live)
        gates[t] = da
    da_rows = gates.reshape(T * B, 4 * H)
    # The state that the step consumed: the state it produced gives a wrong gradient that still learns.
    h_before = h[1:] if reverse else h[:-1]
    dWx += x.reshape(T * B, D).T @ da_rows
    dWh += h_before.reshape(T * B, H).T @ da_rows
    if ids is None:
        db += da_rows.sum(axis=0)
    else:
        np.add.at(db, ids.reshape(-1), da_rows)
    np.matmul(da_rows, Wx.T, out=dx.reshape(T * B, D))
    if zero_start:
        dh_end[:], dc_end[:] = 0, 0


def bilstm_forward(x: Array, lengths: Ids, forward: Forward, backward: Forward, ids: Ids | None = None) -> None:
    """Run `lstm_forward` in both directions, from zeros.   forward, backward: Wx, Wh, b, h, c, gates of each."""
    lstm_forward(x, lengths, *forward, False, True, ids)
    lstm_forward(x, lengths, *backward, True, True, ids)


def bilstm_backward(x: Array, lengths: Ids, forward: Backward, backward: Backward, ids: Ids | None = None) -> None:
    """Run `lstm_backward` in both directions, which started from zeros.

    forward, backward: dh, dh_end, dc_end, Wx, Wh, h, c, gates, dx, dWx, dWh, db of each.
    """
    lstm_backward(*forward[:3], x, lengths, *forward[3:], False, True, ids)
    lstm_backward(*backward[:3], x, lengths, *backward[3:], True, True, ids)


def steps(T: int, reverse: bool) -> list[tuple[int, int, int]]:
    """Return (step, index of the state it consumes, index of the state it produces), in the order of reading."""
    if reverse:
        return [(t, t + 1, t) for t in range(T - 1, -1, -1)]
    return [(t, t, t + 1) for t in range(T)]


def activate_(a: Array) -> None:
    """Turn a (B, 4H) into i | f | g | o: σ, σ, tanh, σ, by one tanh, since σ(x) = (1 + tanh(x / 2)) / 2."""
    H = a.shape[1] // 4
    a[:, : 2 * H] *= 0.5
    a[:, 3 * H :] *= 0.5
    np.tanh(a, out=a)
    for gate in (a[:, : 2 * H], a[:, 3 * H :]):
        gate *= 0.5
        gate += 0.5
