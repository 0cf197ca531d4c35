"""Global attention with an attentional output, h̃ = tanh([context, h] Wc + bc).

Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation", equations 5, 7 and 8, with the
"dot" and the "general" (here: bilinear) score, and with the additive score of Bahdanau et al. 2015, "Neural Machine
Translation by Jointly Learning to Align and Translate", appendix A.1.2. Queries are the decoder's outputs, keys and
values the encoder's. All decoder steps are attended at once: h̃ is not fed back into the LSTM.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from seqwright import kernels
from seqwright.kernels.reference.attention import places_by_distance
from seqwright.nn import affine
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids, Shape

__all__ = ["SCORES", "Additive", "Params", "Score", "backward", "forward", "shapes"]

FARTHEST = 16  # distance that has a bias of its own


class Additive(NamedTuple):
    """Wq (H, H), Wk (M, H) and v (H, 1) of the score v·tanh(h Wq + m Wk)."""

    Wq: Array
    Wk: Array
    v: Array


class Params(NamedTuple):
    """Wc (M + H, H), bc (H,), and what the score is made with: Wa (H, M) if bilinear, None for the dot product.

    distance (2 FARTHEST + 1,): what is added to the score by s - t, or None.
    """

    score: Array | Additive | None
    Wc: Array
    bc: Array
    distance: Array | None

    @classmethod
    def of(cls, named: Mapping[str, Array]) -> Params:
        """Pick the arrays that `shapes` describes out of `named`."""
        additive = Additive(*(named[name] for name in Additive._fields)) if "v" in named else None
        return cls(additive or named.get("Wa"), named["Wc"], named["bc"], named.get("distance"))


class Score(NamedTuple):
    """One kind of attention score.

    shapes: the shape of each of its parameters by name, from H and the memory's width M.
    same_width: it compares states with the memory directly, so M = H.
    """

    shapes: Callable[[int, int], dict[str, Shape]]
    same_width: bool = False


SCORES = {
    "dot": Score(lambda _H, _M: {}, same_width=True),
    "bilinear": Score(lambda H, M: {"Wa": (H, M)}),
    "additive": Score(lambda H, M: {"Wq": (H, H), "Wk": (M, H), "v": (H, 1)}),
}


def shapes(H: int, M: int, score: str, *, distance: bool = False) -> dict[str, Shape]:
    """Return the shape of each parameter by name; M is the width of the memory."""
    of_distance: dict[str, Shape] = {"distance": (2 * FARTHEST + 1,)} if distance else {}
    return SCORES[score].shapes(H, M) | {"Wc": (M + H, H), "bc": (H,)} | of_distance


def forward(
    p: Params, h: Array, memory: Array, lengths: Ids, cache: Cache, *, steps: Ids | None = None
) -> tuple[Array, Array]:
    """Return h̃ (T, B, H) and the attention weights (T, B, S).

    h (T, B, H).   memory (S, B, M), of which row b has lengths[b] steps; M = H for the dot score.
    steps (T,): which step of the target each row of h is; 0, 1, 2, … if not given.
    """
    T, B, H = h.shape
    S, _, M = memory.shape
    weights, both = cache.new("weights", (T, B, S)), cache.new("both", (T, B, M + H))
    both[:, :, M:] = h
    context = both[:, :, :M]
    cache["memory"], cache["lengths"] = memory, lengths
    bias = None
    if p.distance is not None:
        steps = np.arange(T, dtype=np.int32) if steps is None else steps
        cache["places"] = places = places_by_distance(steps, S, len(p.distance))
        bias = p.distance[places]
    if isinstance(p.score, Additive):
        q = affine.forward(affine.Params(p.score.Wq, None), h, cache.of("query"))
        keys = affine.forward(affine.Params(p.score.Wk, None), memory, cache.of("keys"))
        cache["keys"] = keys
        kernels.additive_attention_forward(q, keys, p.score.v[:, 0], memory, lengths, weights, context, bias)
    else:
        q = h if p.score is None else affine.forward(affine.Params(p.score, None), h, cache.of("query"))
        kernels.attention_forward(np.ascontiguousarray(q), memory, lengths, weights, context, bias)
    cache["q"] = q
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
    q, memory, lengths, weights = cache["q"], cache["memory"], cache["lengths"], cache["weights"]
    dq = cache.new("dq", q.shape)
    dbias = None
    if p.distance is not None:
        dbias = cache.new("dbias", (len(q), len(memory)))
        kernels.clear(dbias)
    if isinstance(p.score, Additive):
        assert isinstance(grads.score, Additive), "gradients have the type of the parameters"
        (Wq, Wk, v), (dWq, dWk, dv), keys = p.score, grads.score, cache["keys"]
        dkeys = cache.new("dkeys", keys.shape)
        kernels.additive_attention_backward(
            dcontext, dweights, q, keys, v[:, 0], memory, lengths, weights, dq, dkeys, dv[:, 0], dmemory, dbias
        )
        affine.backward(affine.Params(Wk, None), dkeys, affine.Params(dWk, None), cache.of("keys"), dx=dmemory)
        affine.backward(affine.Params(Wq, None), dq, affine.Params(dWq, None), cache.of("query"), dx=dh)
    else:
        kernels.attention_backward(
            dcontext, dweights, np.ascontiguousarray(q), memory, lengths, weights, dq, dmemory, dbias
        )
    if p.score is None:
        dh += dq
    elif not isinstance(p.score, Additive):
        assert isinstance(grads.score, np.ndarray), "gradients have the type of the parameters"
        affine.backward(affine.Params(p.score, None), dq, affine.Params(grads.score, None), cache.of("query"), dx=dh)
    if dbias is not None:
        assert grads.distance is not None, "gradients have the type of the parameters"
        np.add.at(grads.distance, cache["places"], dbias)
    return dh
