"""A gradient check of each layer; used on the layers as they are and on layers with a planted fault.

Every check fills the gradients with numbers first and takes them off again: backward has to add.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seqwright import kernels
from seqwright.nn import (
    affine,
    attention,
    bag,
    copying,
    cross_entropy,
    dropout,
    embedded_lstm,
    embedding,
    lstm,
    tied_affine,
)
from seqwright.nn.cache import Cache
from seqwright.testing import gradients

Check = Callable[..., None]
BEFORE = 0.75  # what the gradients of parameters hold before backward adds to them


def normal(rng: np.random.Generator, **shapes: tuple[int, ...]) -> dict[str, Any]:
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def held(*arrays: np.ndarray | None) -> list[Any]:
    return [None if a is None else np.full_like(a, BEFORE) for a in arrays]


def added(**grads: np.ndarray | None) -> dict[str, Any]:
    return {name: g - BEFORE for name, g in grads.items() if g is not None}


def check_lstm(
    rng: np.random.Generator, T: int, B: int, D: int, H: int, lengths: Sequence[int], reverse: bool = False,
    check: Check = gradients.check_vjp,
) -> None:  # fmt: skip
    n = np.array(lengths, np.int32)
    cache = Cache(np.float64)
    arguments = normal(rng, x=(T, B, D), h0=(B, H), c0=(B, H), Wx=(D, 4 * H), Wh=(H, 4 * H), b=(4 * H,))

    def f(x, h0, c0, **p):
        h, end = lstm.forward(lstm.Params(**p), x, n, lstm.State(h0, c0), cache, reverse=reverse)
        return [h, end.h, end.c]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        p = lstm.Params(*(arguments[name] for name in lstm.Params._fields))
        grads = lstm.Params(*held(*p))
        upstream = [a.copy() for a in v]
        dx, dstart = lstm.backward(p, v[0], lstm.State(v[1], v[2]), grads, cache, reverse=reverse)
        assert all(map(np.array_equal, upstream, v)), "backward changed the gradient that it was given"
        padding = np.arange(T)[:, None] >= n
        assert not dx[padding].any(), "gradient of x at padding is not 0"
        return {"x": dx, "h0": dstart.h, "c0": dstart.c} | added(**grads._asdict())

    check(f, vjp, arguments, rng)


def check_embedded_lstm(
    rng: np.random.Generator, V: int, T: int, B: int, D: int, H: int, lengths: Sequence[int], reverse: bool = False,
    check: Check = gradients.check_vjp,
) -> None:  # fmt: skip
    """From a start of zeros."""
    n, ids = np.array(lengths, np.int32), rng.integers(V, size=(T, B)).astype(np.int32)
    cache = Cache(np.float64)
    arguments = normal(rng, E=(V, D), Wx=(D, 4 * H), Wh=(H, 4 * H), b=(4 * H,))

    def f(E, **p):
        h, end = embedded_lstm.forward(E, lstm.Params(**p), ids, n, None, cache, reverse=reverse)
        return [h, end.h, end.c]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        E, *p = (arguments[name] for name in ("E", *lstm.Params._fields))
        dE, *grads = held(E, *p)
        dend = lstm.State(v[1], v[2])
        embedded_lstm.backward(E, lstm.Params(*p), v[0], dend, dE, lstm.Params(*grads), cache, reverse=reverse)
        return added(E=dE, **dict(zip(lstm.Params._fields, grads, strict=True)))

    check(f, vjp, arguments, rng)


def check_attention(
    rng: np.random.Generator, T: int, B: int, S: int, H: int, M: int, lengths: Sequence[int], score: str,
    distance: bool = False, check: Check = gradients.check_vjp,
) -> None:  # fmt: skip
    n = np.array(lengths, np.int32)
    cache = Cache(np.float64)
    shapes = {name: one.shape for name, one in attention.declared(H, M, score, distance=distance).items()}
    arguments = normal(rng, h=(T, B, H), memory=(S, B, M), **shapes)

    def f(h, memory, **p):
        return attention.forward(attention.Params.of(score, p), h, memory, n, cache)

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        p = {name: arguments[name] for name in shapes}
        grads = dict(zip(p, held(*p.values()), strict=True))
        [dmemory] = held(arguments["memory"])
        upstream = [each.copy() for each in v]
        dh = attention.backward(attention.Params.of(score, p), *v, dmemory, attention.Params.of(score, grads), cache)
        assert all(map(np.array_equal, upstream, v)), "backward changed the gradients that it was given"
        assert not (dmemory - BEFORE)[np.arange(S)[:, None] >= n].any(), "gradient of memory at padding is not 0"
        return {"h": dh} | added(memory=dmemory, **grads)

    check(f, vjp, arguments, rng)


def check_attention_kernel(
    rng: np.random.Generator, T: int, B: int, S: int, E: int, lengths: Sequence[int], check: Check = gradients.check_vjp
) -> None:
    n = np.array(lengths, np.int32)
    arguments = normal(rng, q=(T, B, E), memory=(S, B, E))

    def f(q, memory):
        weights, context = np.empty((T, B, S)), np.empty_like(q)
        kernels.attention_forward(q, memory, n, weights, context)
        return [weights, context]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        weights, _ = f(**arguments)
        dq, [dmemory] = np.empty((T, B, E)), held(arguments["memory"])
        kernels.attention_backward(v[1], v[0], arguments["q"], arguments["memory"], n, weights, dq, dmemory)
        assert not (dmemory - BEFORE)[np.arange(S)[:, None] >= n].any(), "gradient of memory at padding is not 0"
        return {"q": dq} | added(memory=dmemory)

    check(f, vjp, arguments, rng)


def check_additive_kernel(
    rng: np.random.Generator, T: int, B: int, S: int, A: int, M: int, lengths: Sequence[int],
    check: Check = gradients.check_vjp,
) -> None:  # fmt: skip
    n = np.array(lengths, np.int32)
    arguments = normal(rng, q=(T, B, A), keys=(S, B, A), v=(A,), memory=(S, B, M))

    def f(q, keys, v, memory):
        weights, context = np.empty((T, B, S)), np.empty((T, B, M))
        kernels.additive_attention_forward(q, keys, v, memory, n, weights, context)
        return [weights, context]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        weights, _ = f(**arguments)
        dq, dkeys, (dv, dmemory) = np.empty((T, B, A)), np.empty((S, B, A)), held(arguments["v"], arguments["memory"])
        kernels.additive_attention_backward(v[1], v[0], *arguments.values(), n, weights, dq, dkeys, dv, dmemory)
        padding = np.arange(S)[:, None] >= n
        assert not dkeys[padding].any() and not (dmemory - BEFORE)[padding].any(), (
            "gradient of keys or memory at padding is not 0"
        )
        return {"q": dq, "keys": dkeys} | added(v=dv, memory=dmemory)

    check(f, vjp, arguments, rng)


def check_affine(
    rng: np.random.Generator, shape: tuple[int, ...], M: int, bias: bool, check: Check = gradients.check_vjp
) -> None:
    D = shape[-1]
    cache = Cache(np.float64)
    arguments = normal(rng, x=shape, W=(D, M)) | (normal(rng, b=(M,)) if bias else {})

    def f(x, W, b=None):
        return [affine.forward(affine.Params(W, b), x, cache)]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        p = affine.Params(arguments["W"], arguments.get("b"))
        grads = affine.Params(*held(*p))
        return {"x": affine.backward(p, v[0], grads, cache)} | added(**grads._asdict())

    check(f, vjp, arguments, rng)


def check_tied_affine(
    rng: np.random.Generator, shape: tuple[int, ...], V: int, check: Check = gradients.check_vjp
) -> None:
    cache = Cache(np.float64)
    arguments = normal(rng, x=shape, E=(V, shape[-1]), b=(V,))

    def f(x, E, b):
        return [tied_affine.forward(E, b, x, cache)]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        dE, db = held(arguments["E"], arguments["b"])
        return {"x": tied_affine.backward(arguments["E"], v[0], dE, db, cache)} | added(E=dE, b=db)

    check(f, vjp, arguments, rng)


def check_embedding(
    rng: np.random.Generator, T: int, B: int, V: int, D: int, check: Check = gradients.check_vjp
) -> None:
    ids = rng.integers(V, size=(T, B)).astype(np.int32)
    cache = Cache(np.float64)

    def f(W):
        return [embedding.forward(W, ids, cache)]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        [dW] = held(arguments["W"])
        embedding.backward(v[0], dW, cache)
        return added(W=dW)

    check(f, vjp, normal(rng, W=(V, D)), rng)


def check_dropout(
    rng: np.random.Generator, T: int, B: int, D: int, rate: float | None, check: Check = gradients.check_vjp
) -> None:
    """With rate None, there is no generator to draw a mask with."""
    cache = Cache(np.float64)

    def f(x):
        return [dropout.forward(x, rate or 0.5, None if rate is None else np.random.default_rng(7), cache)]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        return {"x": dropout.backward(v[0], cache)}

    check(f, vjp, normal(rng, x=(T, B, D)), rng)


def check_tanh(rng: np.random.Generator, shape: tuple[int, ...], check: Check = gradients.check_vjp) -> None:
    def f(x):
        y = np.empty_like(x)
        kernels.tanh_forward(x, y)
        return [y]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        [y], dx = f(**arguments), np.empty(shape)
        kernels.tanh_backward(v[0], y, dx)
        return {"x": dx}

    check(f, vjp, normal(rng, x=shape), rng)


def check_cross_entropy(
    rng: np.random.Generator, T: int, B: int, V: int, lengths: Sequence[int], smoothing: float,
    check: Check = gradients.check_vjp,
) -> None:  # fmt: skip
    n = np.array(lengths, np.int32)
    targets = rng.integers(V, size=(T, B)).astype(np.int32)
    cache = Cache(np.float64)

    def f(logits):
        return [np.array(cross_entropy.forward(logits, targets, n, cache, smoothing=smoothing))]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        dlogits = cross_entropy.backward(float(v[0]), cache, smoothing=smoothing)
        assert not dlogits[np.arange(T)[:, None] >= n].any(), "gradient of the logits at padding is not 0"
        return {"logits": dlogits}

    check(f, vjp, normal(rng, logits=(T, B, V)), rng)


def check_copying(
    rng: np.random.Generator, T: int, B: int, V: int, S: int, lengths: Sequence[int], smoothing: float,
    check: Check = gradients.check_vjp,
) -> None:  # fmt: skip
    """Scores, gate and positive weights, some of them on symbols that cannot be copied, of which some are equal."""
    n = np.array(lengths, np.int32)
    targets = rng.integers(V, size=(T, B)).astype(np.int32)
    source = rng.integers(-1, V, size=(S, B)).astype(np.int32)
    cache = Cache(np.float64)

    def f(logits, weights, gate):
        return [np.array(copying.forward(logits, weights, gate, source, targets, n, cache, smoothing=smoothing))]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        d = dict(zip(arguments, copying.backward(float(v[0]), cache, smoothing=smoothing), strict=True))
        for name, gradient in d.items():
            assert not gradient[np.arange(T)[:, None] >= n].any(), f"gradient of the {name} at padding is not 0"
        return d

    weights = rng.random((T, B, S)) + 0.1
    weights /= weights.sum(axis=2, keepdims=True) * 1.1  # room for steps to either side
    check(f, vjp, normal(rng, logits=(T, B, V)) | {"weights": weights} | normal(rng, gate=(T, B)), rng)


def check_bag(rng: np.random.Generator, S: int, B: int, V: int, D: int, check: Check = gradients.check_vjp) -> None:
    ids = rng.integers(V, size=(S, B)).astype(np.int32)
    chosen = rng.random((S, B)) < 0.6
    cache = Cache(np.float64)

    def f(W):
        return [bag.forward(W, ids, chosen, cache)]

    def vjp(arguments: Mapping[str, Any], v: Sequence[Any]) -> dict[str, Any]:
        f(**arguments)
        [dW] = held(arguments["W"])
        bag.backward(v[0], dW, cache)
        return added(W=dW)

    check(f, vjp, normal(rng, W=(V, D)), rng)
