"""Global attention with an attentional output, h̃ = tanh([context, h] Wc + bc).

Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation", equations 5, 7 and 8, with the
"dot" and the "general" (here: bilinear) score. Queries are the decoder's outputs, keys and values the encoder's. All
decoder steps are attended at once: h̃ is not fed back into the LSTM.
"""

from typing import NamedTuple

import numpy as np

from seqwright import kernels
from seqwright.nn import affine
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids, Shape

__all__ = ["Params", "backward", "forward", "shapes"]


class Params(NamedTuple):
    """Wa (H, M), None for the dot score; Wc (M + H, H) and bc (H,)."""

    Wa: Array | None
    Wc: Array
    bc: Array


def shapes(H: int, M: int, *, bilinear: bool) -> dict[str, Shape]:
    """Return the shape of each parameter by name; M is the width of the memory."""
    combine: dict[str, Shape] = {"Wc": (M + H, H), "bc": (H,)}
    return {"Wa": (H, M), **combine} if bilinear else combine


def forward(p: Params, h: Array, memory: Array, lengths: Ids, cache: Cache) -> tuple[Array, Array]:
    """Return h̃ (T, B, H) and the attention weights (T, B, S).

    h (T, B, H).   memory (S, B, M), of which row b has lengths[b] steps; M = H for the dot score.
    """
    T, B, H = h.shape
    S, _, M = memory.shape
    q = h if p.Wa is None else affine.forward(affine.Params(p.Wa, None), h, cache.of("query"))
    cache["q"], cache["memory"], cache["lengths"] = q, memory, lengths
    weights, both = cache.new("weights", (T, B, S)), cache.new("both", (T, B, M + H))
    both[:, :, M:] = h
    kernels.attention_forward(np.ascontiguousarray(q), memory, lengths, weights, both[:, :, :M])
    out = affine.forward(affine.Params(p.Wc, p.bc), both, cache.of("combine"))
    kernels.tanh_forward(out, out)
    cache["out"] = out
    return out, weights


def backward(p: Params, dout: Array, dweights: Array | None, dmemory: Array, grads: Params, cache: Cache) -> Array:
    """Add to the gradients of p and to dmemory (S, B, M), return dL/dh (T, B, H).

    dout (T, B, H) and dweights (T, B, S), the gradients of what the forward returned, stay unchanged; dweights is None
    where nobody used the weights.
    """
    M = dmemory.shape[2]
    dboth_tanh = cache.new("da", dout.shape)
    kernels.tanh_backward(dout, cache["out"], dboth_tanh)
    dboth = affine.backward(
        affine.Params(p.Wc, p.bc), dboth_tanh, affine.Params(grads.Wc, grads.bc), cache.of("combine")
    )
    dcontext, dh = dboth[:, :, :M], dboth[:, :, M:]
    dq = cache.new("dq", (*dout.shape[:2], M))
    kernels.attention_backward(
        dcontext,
        dweights,
        np.ascontiguousarray(cache["q"]),
        cache["memory"],
        cache["lengths"],
        cache["weights"],
        dq,
        dmemory,
    )
    if p.Wa is None:
        dh += dq
    else:
        assert grads.Wa is not None, "gradients have the type of the parameters"
        affine.backward(affine.Params(p.Wa, None), dq, affine.Params(grads.Wa, None), cache.of("query"), dx=dh)
    return dh
