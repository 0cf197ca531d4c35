"""An LSTM over symbols: `embedding` and `lstm` fused, for a first layer without dropout on its inputs.

E[id] Wx + b takes V values, however many symbols are read. They are computed once, as a table of which the LSTM begins
its sums at the row of each symbol; backward adds up the gradient of every row before it is multiplied with E and Wx.
The outputs are bitwise equal to those of the two layers in sequence.
"""

import numpy as np

from seqwright import kernels
from seqwright.nn import lstm
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["backward", "forward", "pays"]


def pays(E: Array, ids: Ids) -> bool:
    """Return whether a table of all symbols is less work than a product for each of ids (T, B)."""
    return ids.size >= 2 * len(E)


def forward(
    E: Array,
    p: lstm.Params,
    ids: Ids,
    lengths: Ids,
    start: lstm.State | None,
    cache: Cache,
    *,
    reverse: bool = False,
    h: Array | None = None,
) -> tuple[Array, lstm.State]:
    """Return the result of `lstm.forward` for the inputs E[ids].   E (V, D).   ids (T, B)."""
    table = cache.new("table", (len(E), p.Wx.shape[1]))
    kernels.affine_forward(E, p.Wx, p.b, table)
    nothing = np.empty((*ids.shape, 0), E.dtype)
    return lstm.forward(
        p._replace(Wx=p.Wx[:0], b=table), nothing, lengths, start, cache.of("lstm"), reverse=reverse, ids=ids, h=h
    )


def backward(
    E: Array,
    p: lstm.Params,
    dh: Array,
    dend: lstm.State | None,
    dE: Array,
    grads: lstm.Params,
    cache: Cache,
    *,
    reverse: bool = False,
) -> lstm.State:
    """Add to dE (V, D) and to the gradients of p, return the gradient of the state before the first step.

    The other arguments are those of `lstm.backward`.
    """
    dtable = cache.new("dtable", cache["table"].shape)
    kernels.clear(dtable)
    _, dstart = lstm.backward(
        p._replace(Wx=p.Wx[:0]), dh, dend, grads._replace(Wx=grads.Wx[:0], b=dtable), cache.of("lstm"), reverse=reverse
    )
    rows = cache.new("rows", E.shape)
    kernels.affine_backward(dtable, E, p.Wx, rows, grads.Wx, grads.b)
    dE += rows
    return dstart
