"""Global attention with an attentional output, h̃ = tanh([context, h] Wc + bc).

Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation", equations 5, 7 and 8, with the
"dot" and the "general" (here: bilinear) score, and with the additive score of Bahdanau et al. 2015, "Neural Machine
Translation by Jointly Learning to Align and Translate", appendix A.1.2. Queries are the decoder's outputs, keys and
values the encoder's. All decoder steps are computed at once: h̃ is not fed back into the LSTM.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from seqwright import kernels
from seqwright.kernels.reference.attention import places_by_distance
from seqwright.nn import affine
from seqwright.nn.cache import Cache
from seqwright.nn.parameters import Declared, Role
from seqwright.types import Array, Ids

__all__ = ["FARTHEST", "SCORES", "Params", "Score", "backward", "declared", "forward"]

FARTHEST = 16  # greater distances share the bias of this one


class Params(NamedTuple):
    """Wc (M + H, H), bc (H,), and the parameters of the score by name.

    kind: key of `SCORES`.   distance (2 FARTHEST + 1,): bias of the score by relative position s - t, or None.
    """

    kind: str
    score: dict[str, Array]
    Wc: Array
    bc: Array
    distance: Array | None

    @classmethod
    def of(cls, kind: str, named: Mapping[str, Array]) -> Params:
        """Return the parameters among `named` that `declared` lists."""
        score = {name: named[name] for name in SCORES[kind].declared(0, 0)}
        return cls(kind, score, named["Wc"], named["bc"], named.get("distance"))


class Score(NamedTuple):
    """One kind of attention score.

    declared(H, M): its parameters by name; M is the width of the memory.
    forward(p, h, memory, lengths, weights, context, bias, cache): write the attention weights (T, B, S) for h (T, B, H)
    and the contexts (T, B, M).   bias (T, S): added to the scores, or None.
    backward(p, dcontext, dweights, dh, dmemory, dbias, g, cache): add to dh, dmemory, dbias and the gradients g of p.
    same_width: it multiplies states with the memory directly, so M = H.
    """

    declared: Callable[[int, int], dict[str, Declared]]
    forward: Callable[..., None]
    backward: Callable[..., None]
    same_width: bool = False


def _dot_forward(
    _p: dict[str, Array], h: Array, memory: Array, lengths: Ids, weights: Array, context: Array, bias: Array | None,
    cache: Cache,
) -> None:  # fmt: skip
    """score = h·m."""
    cache["h"], cache["memory"], cache["lengths"], cache["weights"] = np.ascontiguousarray(h), memory, lengths, weights
    kernels.attention_forward(cache["h"], memory, lengths, weights, context, bias)


def _dot_backward(
    _p: dict[str, Array], dcontext: Array, dweights: Array | None, dh: Array, dmemory: Array, dbias: Array | None,
    _g: dict[str, Array], cache: Cache,
) -> None:  # fmt: skip
    dh += _dq(dcontext, dweights, dmemory, dbias, cache)


def _dq(dcontext: Array, dweights: Array | None, dmemory: Array, dbias: Array | None, cache: Cache) -> Array:
    """Return the gradient of the queries of `_dot_forward`."""
    q = cache["h"]
    dq = cache.new("dq", q.shape)
    kernels.attention_backward(
        dcontext, dweights, q, cache["memory"], cache["lengths"], cache["weights"], dq, dmemory, dbias
    )
    return dq


def _bilinear_forward(
    p: dict[str, Array], h: Array, memory: Array, lengths: Ids, weights: Array, context: Array, bias: Array | None,
    cache: Cache,
) -> None:  # fmt: skip
    """score = (h Wa)·m; with 8-bit weights h·(m Waᵀ), since the rows of Wa have a scale each."""
    if "Wa.T" in p:
        keys = affine.forward(affine.Params(p["Wa.T"], None), memory, cache.of("keys"))
        kernels.attention_forward(np.ascontiguousarray(h), keys, lengths, weights, cache.new("unused", h.shape), bias)
        np.einsum("tbs,sbm->tbm", weights, memory, out=context)
        return
    q = affine.forward(affine.Params(p["Wa"], None), h, cache.of("query"))
    _dot_forward(p, q, memory, lengths, weights, context, bias, cache)


def _bilinear_backward(
    p: dict[str, Array], dcontext: Array, dweights: Array | None, dh: Array, dmemory: Array, dbias: Array | None,
    g: dict[str, Array], cache: Cache,
) -> None:  # fmt: skip
    dq = _dq(dcontext, dweights, dmemory, dbias, cache)
    affine.backward(affine.Params(p["Wa"], None), dq, affine.Params(g["Wa"], None), cache.of("query"), dx=dh)


def _additive_forward(
    p: dict[str, Array], h: Array, memory: Array, lengths: Ids, weights: Array, context: Array, bias: Array | None,
    cache: Cache,
) -> None:  # fmt: skip
    """score = v·tanh(h Wq + m Wk)."""
    cache["q"] = q = affine.forward(affine.Params(p["Wq"], None), h, cache.of("query"))
    cache["keys"] = keys = affine.forward(affine.Params(p["Wk"], None), memory, cache.of("keys"))
    cache["memory"], cache["lengths"], cache["weights"] = memory, lengths, weights
    kernels.additive_attention_forward(q, keys, p["v"][:, 0], memory, lengths, weights, context, bias)


def _additive_backward(
    p: dict[str, Array], dcontext: Array, dweights: Array | None, dh: Array, dmemory: Array, dbias: Array | None,
    g: dict[str, Array], cache: Cache,
) -> None:  # fmt: skip
    q, keys = cache["q"], cache["keys"]
    dq, dkeys = cache.new("dq", q.shape), cache.new("dkeys", keys.shape)
    kernels.additive_attention_backward(
        dcontext, dweights, q, keys, p["v"][:, 0], cache["memory"], cache["lengths"], cache["weights"],
        dq, dkeys, g["v"][:, 0], dmemory, dbias,
    )  # fmt: skip
    affine.backward(affine.Params(p["Wk"], None), dkeys, affine.Params(g["Wk"], None), cache.of("keys"), dx=dmemory)
    affine.backward(affine.Params(p["Wq"], None), dq, affine.Params(g["Wq"], None), cache.of("query"), dx=dh)


SCORES = {
    "dot": Score(lambda _H, _M: {}, _dot_forward, _dot_backward, same_width=True),
    "bilinear": Score(
        lambda H, M: {"Wa": Declared((H, M), Role.ATTENTION, contracted=1)},  # at inference it projects the memory
        _bilinear_forward,
        _bilinear_backward,
    ),
    "additive": Score(
        lambda H, M: {
            "Wq": Declared((H, H), Role.ATTENTION),
            "Wk": Declared((M, H), Role.ATTENTION),
            "v": Declared((H, 1), Role.ATTENTION),
        },
        _additive_forward,
        _additive_backward,
    ),
}


def declared(H: int, M: int, kind: str, *, distance: bool = False) -> dict[str, Declared]:
    """Return the parameters by name; M is the width of the memory."""
    combine = {"Wc": Declared((M + H, H), Role.ATTENTION), "bc": Declared((H,), Role.BIAS)}
    bias = {"distance": Declared((2 * FARTHEST + 1,), Role.BIAS)} if distance else {}
    return SCORES[kind].declared(H, M) | combine | bias


def forward(
    p: Params, h: Array, memory: Array, lengths: Ids, cache: Cache, *, steps: Ids | None = None
) -> tuple[Array, Array]:
    """Return h̃ (T, B, H) and the attention weights (T, B, S).

    h (T, B, H).   memory (S, B, M), of which row b has lengths[b] steps; M = H for the dot score.
    steps (T,): target position of each row of h, by default 0, 1, 2, …
    """
    T, B, H = h.shape
    S, _, M = memory.shape
    weights, both = cache.new("weights", (T, B, S)), cache.new("both", (T, B, M + H))
    both[:, :, M:] = h
    context = both[:, :, :M]
    bias = None
    if p.distance is not None:
        steps = np.arange(T, dtype=np.int32) if steps is None else steps
        cache["places"] = places = places_by_distance(steps, S, len(p.distance))
        bias = p.distance[places]
    SCORES[p.kind].forward(p.score, h, memory, lengths, weights, context, bias, cache.of("score"))
    out = affine.forward(affine.Params(p.Wc, p.bc), both, cache.of("combine"))
    kernels.tanh_forward(out, out)
    cache["out"] = out
    return out, weights


def backward(p: Params, dout: Array, dweights: Array | None, dmemory: Array, grads: Params, cache: Cache) -> Array:
    """Add to the gradients of p and to dmemory (S, B, M), return dL/dh (T, B, H).

    dout (T, B, H) and dweights (T, B, S), the gradients of the outputs, are not modified; dweights is None where the
    weights were not used.
    """
    S, _, M = dmemory.shape
    dboth_tanh = cache.new("da", dout.shape)
    kernels.tanh_backward(dout, cache["out"], dboth_tanh)
    dboth = affine.backward(
        affine.Params(p.Wc, p.bc), dboth_tanh, affine.Params(grads.Wc, grads.bc), cache.of("combine")
    )
    dcontext, dh = dboth[:, :, :M], dboth[:, :, M:]
    dbias = None
    if p.distance is not None:
        dbias = cache.new("dbias", (len(dout), S))
        kernels.clear(dbias)
    SCORES[p.kind].backward(p.score, dcontext, dweights, dh, dmemory, dbias, grads.score, cache.of("score"))
    if dbias is not None:
        assert grads.distance is not None, "gradients have the type of the parameters"
        np.add.at(grads.distance, cache["places"], dbias)
    return dh
