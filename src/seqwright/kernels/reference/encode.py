"""The encoder of inference: from ids to what crosses to the decoder, with nothing kept for a backward pass."""

from collections.abc import Sequence

import numpy as np

from seqwright.kernels.reference.codes import Codes, product, product_of_codes, quantise
from seqwright.kernels.reference.lstm import activate_, steps
from seqwright.types import Array, Ids

__all__ = ["encode", "encoder_size", "lstm_step", "pack_encoder"]

Layer = tuple[Array, Array, Array]


def encode(
    E: Array,
    layers: Sequence[Sequence[Layer]],
    bridge: Sequence[tuple[Array, Array | None]],
    reverse: bool,
    cell_crosses: bool,
    ids: Ids,
    lengths: Ids,
    h: Array,
    c: Array,
    memory: Array,
    packed: Array | None = None,  # noqa: ARG001 - what a faster kernel made of the weights
    int8: bool = False,
) -> None:
    """Write the initial states of the decoder's layers to h and c, and the outputs of the top layer to memory.

    As many layers cross as h and c have, the top ones.

    E (V, D).   layers: (Wx, Wh, b) of each direction of each LSTM, bottom first; of two, the second reads backwards.
    bridge: (W (2H, H), b (H,)) of h, and of c if it crosses, from two directions; empty for one.
    reverse: a single direction reads backwards.   cell_crosses: c starts the decoder too; otherwise it is 0 there.
    ids (S, B), of which row b has lengths[b].
    h, c (L, B, H), L ≤ len(layers).   memory (S, B, M): at padding, the state passed through.
    packed: what `pack_encoder` wrote for these weights, or None.   int8: products are those of `codes.product`.
    """
    x, below = E[ids], len(layers) - len(h)
    for layer, directions in enumerate(layers):
        outputs, ends = [], []
        for i, weights in enumerate(directions):
            output, end = _read(x, lengths, weights, reverse or i == 1, int8)
            outputs.append(output)
            ends.append(end)
        x = np.concatenate(outputs, axis=2)
        if layer < below:
            continue
        above = layer - below
        h[above], c[above] = ends[0] if len(directions) == 1 else (0, 0)
        if not cell_crosses:
            c[above] = 0
        for (W, b), state, out in zip(bridge, zip(*ends, strict=True), (h, c), strict=False):
            out[above] = product(np.concatenate(state, axis=1), W, b, int8=int8)
    memory[:] = x


def _read(x: Array, lengths: Ids, weights: Layer, reverse: bool, int8: bool) -> tuple[Array, tuple[Array, Array]]:
    """Return the outputs (S, B, H) of one LSTM and its last state."""
    Wx, Wh, b = weights
    (S, B, _), H = x.shape, Wh.shape[0]
    h, c = np.zeros((2, B, H), x.dtype)
    outputs = np.empty((S, B, H), x.dtype)
    for t, _, _ in steps(S, reverse):
        after = lstm_step(x[t], h, c, Wx, Wh, b, int8)
        live = (t < lengths)[:, None]
        h, c = np.where(live, after[0], h), np.where(live, after[1], c)
        outputs[t] = h
    return outputs, (h, c)


def lstm_step(
    x: Array, h: Array, c: Array, Wx: Array, Wh: Array, b: Array, int8: bool, parts: Sequence[int] = ()
) -> tuple[Array, Array]:
    """Return the state after reading x (B, D) in state h, c (B, H).   parts: where the columns of x fall apart.

    The parts of x are quantised each by itself.
    """
    a = product(h, Wh, b, int8=int8)
    if int8:
        W = quantise(Wx, axis=0)
        for part, codes in zip(np.split(x, parts, axis=1), np.split(W.codes, parts), strict=True):
            a += product_of_codes(part, Codes(codes, W.scales))
    else:
        a += x @ Wx
    activate_(a)
    i, f, g, o = np.split(a, 4, axis=1)
    c = f * c + i * g
    return o * np.tanh(c), c


def encoder_size(
    E: Array,  # noqa: ARG001
    layers: Sequence[Sequence[Layer]],  # noqa: ARG001
    bridge: Sequence[tuple[Array, Array | None]],  # noqa: ARG001
    int8: bool,  # noqa: ARG001
) -> int:
    """Return how many floats `pack_encoder` writes: none, where kernels read the weights as they are."""
    return 0


def pack_encoder(
    E: Array,
    layers: Sequence[Sequence[Layer]],
    bridge: Sequence[tuple[Array, Array | None]],
    int8: bool,
    packed: Array,
) -> None:
    """Write the weights to `packed` (encoder_size,) as this kernel's `encode` reads them."""
