"""An LSTM over symbols: `embedding` and `lstm` fused, for a first layer without dropout on its inputs.

E[id] Wx + b takes V values, however many symbols are read. They are computed once, as a table of which the LSTM begins
its sums at the row of each symbol; backward adds up the gradient of every row before it is multiplied with E and Wx.
The outputs are bitwise equal to those of the two layers in sequence.
"""

from collections.abc import Sequence

import numpy as np

from seqwright import kernels
from seqwright.nn import lstm
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["backward", "backward_both", "forward", "forward_both", "pays"]


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
    tabled, nothing = _tabled(E, p, cache), np.empty((*ids.shape, 0), E.dtype)
    return lstm.forward(tabled, nothing, lengths, start, cache.of("lstm"), reverse=reverse, ids=ids, h=h)


def forward_both(
    E: Array, ps: Sequence[lstm.Params], ids: Ids, lengths: Ids, caches: Sequence[Cache], *, hs: Sequence[Array]
) -> list[lstm.State]:
    """Return the result of `lstm.forward_both` for the inputs E[ids]."""
    tabled, nothing = [*map(_tabled, (E, E), ps, caches)], np.empty((*ids.shape, 0), E.dtype)
    return lstm.forward_both(tabled, nothing, lengths, [cache.of("lstm") for cache in caches], hs=hs, ids=ids)


def _tabled(E: Array, p: lstm.Params, cache: Cache) -> lstm.Params:
    table = cache.new("table", (len(E), p.Wx.shape[1]))
    kernels.affine_forward(E, p.Wx, p.b, table)
    return p._replace(Wx=p.Wx[:0], b=table)


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
    begun = _begin_backward(p, grads, cache)
    _, dstart = lstm.backward(begun[0], dh, dend, begun[1], cache.of("lstm"), reverse=reverse)
    _end_backward(E, p, dE, grads, cache)
    return dstart


def backward_both(
    E: Array,
    ps: Sequence[lstm.Params],
    dhs: Sequence[Array],
    dends: Sequence[lstm.State | None],
    dE: Array,
    grads: Sequence[lstm.Params],
    caches: Sequence[Cache],
) -> None:
    """Add to dE (V, D) and to the gradients of both directions."""
    begun = [*map(_begin_backward, ps, grads, caches)]
    tabled, dtabled = zip(*begun, strict=True)
    lstm.backward_both(tabled, dhs, dends, dtabled, [cache.of("lstm") for cache in caches])
    for p, g, cache in zip(ps, grads, caches, strict=True):
        _end_backward(E, p, dE, g, cache)


def _begin_backward(p: lstm.Params, grads: lstm.Params, cache: Cache) -> tuple[lstm.Params, lstm.Params]:
    """Return parameters and gradients in which the table is the bias; its gradient is 0."""
    dtable = cache.new("dtable", cache["table"].shape)
    kernels.clear(dtable)
    return p._replace(Wx=p.Wx[:0]), grads._replace(Wx=grads.Wx[:0], b=dtable)


def _end_backward(E: Array, p: lstm.Params, dE: Array, grads: lstm.Params, cache: Cache) -> None:
    """Add the gradient of the table to those of E, Wx and b."""
    rows = cache.new("rows", E.shape)
    kernels.affine_backward(cache["dtable"], E, p.Wx, rows, grads.Wx, grads.b)
    dE += rows
