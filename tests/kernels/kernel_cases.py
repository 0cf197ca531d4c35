"""Calls of every kernel, for any sizes: arguments in float64, outputs full of what must be overwritten or added to."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from seqwright.kernels import reference

Arguments = list[Any]

try:
    from seqwright.kernels.native import _native
except ImportError:
    _native = None

INSTRUCTION_SETS = _native.available() if _native else []
WHY_NOT = "the compiled kernels are not built in this environment (pip install . with a C++ compiler builds them)"


def native(kernel: str, isa: str | None = None) -> Callable[..., Any]:
    """Return the compiled twin of a kernel, by default with the best instruction set of this processor."""
    index = INSTRUCTION_SETS.index(isa or INSTRUCTION_SETS[0])
    return lambda *args: getattr(_native, kernel)(index, *args)


def cast(value: Any, dtype: Any) -> Any:
    """Copy arguments, with the floating arrays among them in another precision."""
    if isinstance(value, np.ndarray):
        return value.astype(dtype if value.dtype.kind == "f" else value.dtype, order="C", copy=True)
    return each(value, lambda item: cast(item, dtype))


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a tuple, list or named tuple of changed items, and anything else as it is."""
    if not isinstance(value, tuple | list):
        return value
    items = [change(item) for item in value]
    return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)


def arrays(value: Any) -> Iterator[np.ndarray]:
    """Yield the arrays among arguments, depth first."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from arrays(item)


def ints(rng: np.random.Generator, high: int, *shape: int) -> np.ndarray:
    return rng.integers(0, high, shape).astype(np.int32)


def embedding_forward(rng: np.random.Generator, T: int, B: int, D: int, V: int) -> Arguments:
    normal = rng.standard_normal
    return [normal((V, D)), ints(rng, V, T, B), normal((T, B, D))]


def embedding_backward(rng: np.random.Generator, **sizes: Any) -> Arguments:
    W, ids, out = embedding_forward(rng, **sizes)
    return [out, ids, W]


def affine_forward(rng: np.random.Generator, N: int, D: int, M: int, bias: bool = True) -> Arguments:
    normal = rng.standard_normal
    return [normal((N, D)), normal((D, M)), normal(M) if bias else None, normal((N, M))]


def affine_backward(rng: np.random.Generator, add: bool = False, **sizes: Any) -> Arguments:
    x, W, b, out = affine_forward(rng, **sizes)
    dx, dW, db = (None if a is None else rng.standard_normal(a.shape) for a in (x, W, b))
    return [out, x, W, dx, dW, db, add]


def tied_affine_forward(rng: np.random.Generator, N: int, D: int, V: int) -> Arguments:
    normal = rng.standard_normal
    return [normal((N, D)), normal((V, D)), normal(V), normal((N, V))]


def tied_affine_backward(rng: np.random.Generator, **sizes: Any) -> Arguments:
    x, E, b, out = tied_affine_forward(rng, **sizes)
    return [out, x, E, *(rng.standard_normal(a.shape) for a in (x, E, b))]


def lstm_forward(
    rng: np.random.Generator,
    T: int,
    B: int,
    D: int,
    H: int,
    reverse: bool = False,
    zero_start: bool = False,
    V: int = 0,
) -> Arguments:
    """V: symbols that have a bias each; 0 for one bias."""
    normal = rng.standard_normal
    scale = 1 / np.sqrt(D + H + 1)
    Wx, Wh = scale * normal((D, 4 * H)), scale * normal((H, 4 * H))
    h, c = 0.5 * normal((T + 1, B, H)), 0.5 * normal((T + 1, B, H))
    b, ids = (normal((V, 4 * H)), ints(rng, V, T, B)) if V else (normal(4 * H), None)
    lengths = ints(rng, T + 1, B)
    return [normal((T, B, D)), lengths, Wx, Wh, b, h, c, normal((T, B, 4 * H)), reverse, zero_start, ids]


def lstm_backward(rng: np.random.Generator, **sizes: Any) -> Arguments:
    normal = rng.standard_normal
    x, lengths, Wx, Wh, b, h, c, gates, *options = args = lstm_forward(rng, **sizes)
    reference.lstm_forward(*args)
    dWx, dWh, db = normal(Wx.shape), normal(Wh.shape), normal(b.shape)
    dh, dh_end, dc_end = normal(h[1:].shape), normal(h[0].shape), normal(c[0].shape)
    return [dh, dh_end, dc_end, x, lengths, Wx, Wh, h, c, gates, normal(x.shape), dWx, dWh, db, *options]


def bilstm_forward(rng: np.random.Generator, T: int, B: int, D: int, H: int, V: int = 0) -> Arguments:
    one, other = (lstm_forward(rng, T, B, D, H, reverse, True, V) for reverse in (False, True))
    return [*one[:2], tuple(one[2:8]), tuple(other[2:8]), one[10]]


def bilstm_backward(rng: np.random.Generator, **sizes: Any) -> Arguments:
    x, lengths, *directions, ids = args = bilstm_forward(rng, **sizes)
    reference.bilstm_forward(*args)
    normal = rng.standard_normal

    def backward(Wx: Any, Wh: Any, b: Any, h: Any, c: Any, gates: Any) -> tuple[Any, ...]:
        arriving = normal(h[1:].shape), normal(h[0].shape), normal(c[0].shape)
        return *arriving, Wx, Wh, h, c, gates, *(normal(a.shape) for a in (x, Wx, Wh, b))

    return [x, lengths, *(backward(*direction) for direction in directions), ids]


def attention_forward(rng: np.random.Generator, T: int, B: int, S: int, E: int, biased: bool = False) -> Arguments:
    """biased: whether a bias is added to the attention scores."""
    normal = rng.standard_normal
    q, memory = normal((T, B, E)) / np.sqrt(E + 1), normal((S, B, E))
    args = [q, memory, ints(rng, S + 1, B), normal((T, B, S)), normal((T, B, E))]
    return [*args, normal((T, S))] if biased else args


def attention_backward(rng: np.random.Generator, arriving: bool = True, **sizes: Any) -> Arguments:
    """arriving: whether the weights themselves have a gradient."""
    normal = rng.standard_normal
    q, memory, lengths, weights, context, *bias = args = attention_forward(rng, **sizes)
    reference.attention_forward(*args)
    dweights = normal(weights.shape) if arriving else None
    outputs = [normal(a.shape) for a in (q, memory, *bias)]
    return [normal(context.shape), dweights, q, memory, lengths, weights, *outputs]


def additive_attention_forward(
    rng: np.random.Generator, T: int, B: int, S: int, A: int, M: int, biased: bool = False
) -> Arguments:
    normal = rng.standard_normal
    inputs = [normal((T, B, A)), normal((S, B, A)), normal(A), normal((S, B, M)), ints(rng, S + 1, B)]
    args = [*inputs, normal((T, B, S)), normal((T, B, M))]
    return [*args, normal((T, S))] if biased else args


def additive_attention_backward(rng: np.random.Generator, arriving: bool = True, **sizes: Any) -> Arguments:
    normal = rng.standard_normal
    q, keys, v, memory, lengths, weights, context, *bias = args = additive_attention_forward(rng, **sizes)
    reference.additive_attention_forward(*args)
    arrive = [normal(context.shape), normal(weights.shape) if arriving else None]
    outputs = [normal(a.shape) for a in (q, keys, v, memory, *bias)]
    return [*arrive, q, keys, v, memory, lengths, weights, *outputs]


def cross_entropy_forward(rng: np.random.Generator, T: int, B: int, V: int, smoothing: float = 0.1) -> Arguments:
    normal = rng.standard_normal
    return [
        3 * normal((T, B, V)),
        ints(rng, V, T, B),
        ints(rng, T + 1, B),
        smoothing,
        normal((T, B, V)),
        normal((T, B)),
    ]


def cross_entropy_backward(rng: np.random.Generator, **sizes: Any) -> Arguments:
    logits, targets, lengths, smoothing, probs, _ = args = cross_entropy_forward(rng, **sizes)
    reference.cross_entropy_forward(*args)
    return [probs, targets, lengths, smoothing, 0.25, rng.standard_normal(logits.shape)]


def copying(rng: np.random.Generator, T: int, B: int, V: int, S: int) -> Arguments:
    """What is mixed: logits, weights, gate and source.   A row of weights sums to 1 or, seldom, is 0."""
    logits, weights, gate = 3 * rng.standard_normal((T, B, V)), rng.random((T, B, S)), 2 * rng.standard_normal((T, B))
    weights /= np.maximum(weights.sum(axis=2, keepdims=True), 1e-30)
    weights[rng.random((T, B)) < 0.1] = 0
    return [logits, weights, gate, ints(rng, V + 1, S, B) - np.int32(1)]


def copy_cross_entropy_forward(
    rng: np.random.Generator, T: int, B: int, V: int, S: int, smoothing: float = 0.1
) -> Arguments:
    outputs = [rng.standard_normal((T, B, V)), rng.standard_normal((T, B))]
    return [*copying(rng, T, B, V, S), ints(rng, V, T, B), ints(rng, T + 1, B), smoothing, *outputs]


def copy_cross_entropy_backward(rng: np.random.Generator, **sizes: Any) -> Arguments:
    args = copy_cross_entropy_forward(rng, **sizes)
    logits, weights, gate, source, targets, lengths, smoothing, probs, _ = args
    reference.copy_cross_entropy_forward(*args)
    outputs = [rng.standard_normal(a.shape) for a in (logits, weights, gate)]
    return [probs, weights, gate, source, targets, lengths, smoothing, 0.25, *outputs]


def copy_log_probs(rng: np.random.Generator, T: int, B: int, V: int, S: int) -> Arguments:
    return [*copying(rng, T, B, V, S), rng.standard_normal((T, B, V))]


def tanh_forward(rng: np.random.Generator, N: int) -> Arguments:
    return [3 * rng.standard_normal(N), rng.standard_normal(N)]


def tanh_backward(rng: np.random.Generator, N: int) -> Arguments:
    return [rng.standard_normal(N), np.tanh(rng.standard_normal(N)), rng.standard_normal(N)]


def clear(rng: np.random.Generator, N: int) -> Arguments:
    return [rng.standard_normal(N)]


def dropout(rng: np.random.Generator, T: int, B: int, D: int, steps: int) -> Arguments:
    mask = (rng.random((steps, B, D)) < 0.7) / 0.7
    return [rng.standard_normal((T, B, D)), mask, rng.standard_normal((T, B, D))]


def adam_update(rng: np.random.Generator, N: int, decay: float = 0.01) -> Arguments:
    normal = rng.standard_normal
    return [normal(N), normal(N), normal(N), normal(N) ** 2, 0.01, 0.9, 0.99, 1e-8, decay, 3, 0.7]


def table(names: str, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return one dictionary of sizes for each row, with these names."""
    return [dict(zip(names.split(), row, strict=False)) for row in rows]


# 0 and 1; odd; one below, at and past a vector (16), a panel (32), a tile's height (14) and a block of depth (256).
# A backward is tried with what its forward is.
# fmt: off
SIZES: dict[str, list[dict[str, Any]]] = {
    "embedding_forward": table(
        "T B D V", (0, 3, 4, 5), (1, 1, 1, 1), (3, 5, 17, 7), (4, 2, 33, 9), (40, 50, 64, 11),
    ),
    "affine_forward": table(
        "N D M bias",
        (0, 3, 4, True), (3, 0, 4, True), (3, 4, 0, True), (1, 1, 1, True), (1, 7, 15, False), (2, 16, 16, True),
        (3, 17, 17, True), (4, 31, 33, False), (5, 32, 32, True), (13, 33, 31, True), (14, 65, 64, False),
        (15, 15, 65, True), (29, 255, 47, True), (30, 256, 48, True), (31, 257, 49, False), (7, 513, 100, True),
        (300, 40, 13, True), (257, 100, 130, True), (1, 300, 700, True), (130, 1030, 35, False),
    ),
    "tied_affine_forward": table(
        "N D V",
        (0, 3, 4), (3, 0, 4), (3, 4, 0), (1, 1, 1), (1, 7, 15), (2, 16, 16), (5, 17, 33), (14, 32, 31), (15, 257, 65),
        (300, 40, 130), (29, 33, 8201),
    ),
    "lstm_forward": table(
        "T B D H reverse zero_start V",
        (0, 2, 3, 4, False), (2, 0, 3, 4, False), (2, 2, 0, 4, True), (2, 2, 3, 0, False), (1, 1, 1, 1, False),
        (3, 1, 5, 7, True), (3, 2, 16, 15, False), (4, 3, 17, 16, True), (5, 4, 3, 17, False), (5, 5, 8, 31, False),
        (5, 6, 8, 32, True), (4, 13, 33, 33, True), (3, 14, 9, 48, False), (3, 15, 64, 63, False),
        (2, 31, 100, 65, True), (6, 70, 24, 40, False), (3, 17, 200, 130, True),
        (0, 2, 3, 4, True, True), (1, 3, 5, 7, True, True), (3, 4, 17, 16, False, True), (5, 15, 9, 33, True, True),
        (4, 29, 64, 48, False, True), (3, 2, 0, 17, False, True, 5), (4, 3, 5, 16, True, False, 3),
        (1, 6, 0, 15, False, True, 1), (5, 30, 0, 33, True, True, 7), (4, 17, 9, 64, False, False, 40),
    ),
    "bilstm_forward": table(
        "T B D H V",
        (0, 2, 3, 4), (2, 0, 3, 4), (1, 1, 1, 1), (3, 2, 16, 15), (4, 13, 33, 33), (3, 2, 0, 17, 5), (6, 30, 0, 33, 7),
        (5, 31, 100, 65),
    ),
    "attention_forward": table(
        "T B S E",
        (0, 2, 3, 4), (2, 0, 3, 4), (2, 3, 4, 0), (1, 1, 1, 1), (2, 3, 5, 7), (3, 4, 15, 16), (4, 5, 16, 17),
        (5, 6, 17, 31), (7, 2, 18, 33), (8, 9, 33, 64), (9, 30, 12, 130), (1, 1, 9, 300),
    ),
    "additive_attention_forward": table(
        "T B S A M",
        (0, 2, 3, 4, 5), (2, 0, 3, 4, 5), (2, 3, 0, 4, 5), (2, 3, 4, 0, 5), (2, 3, 4, 5, 0), (1, 1, 1, 1, 1),
        (2, 3, 5, 7, 9), (3, 4, 15, 16, 17), (4, 5, 16, 17, 16), (5, 6, 17, 31, 40),
        (8, 9, 33, 64, 33), (9, 30, 12, 130, 20),
    ),
    "cross_entropy_forward": table(
        "T B V smoothing",
        (0, 2, 3, 0.1), (2, 0, 3, 0.1), (1, 1, 1, 0.0), (2, 3, 2, 0.1), (3, 2, 15, 0.0), (2, 5, 16, 0.2),
        (3, 3, 17, 0.1), (2, 2, 63, 0.1),
        (2, 2, 64, 0.0), (2, 2, 65, 0.1), (5, 7, 100, 0.1), (4, 9, 1000, 0.0), (2, 3, 8001, 0.1),
    ),
    "copy_cross_entropy_forward": table(
        "T B V S smoothing",
        (0, 2, 3, 2, 0.1), (2, 0, 3, 2, 0.1), (2, 3, 4, 0, 0.1), (1, 1, 2, 1, 0.0), (2, 3, 2, 5, 0.1),
        (3, 2, 15, 4, 0.0), (2, 5, 16, 17, 0.2), (3, 3, 17, 9, 0.1), (5, 7, 100, 40, 0.1), (2, 3, 8001, 12, 0.1),
    ),
    "copy_log_probs": table(
        "T B V S",
        (0, 2, 3, 2), (2, 0, 3, 2), (2, 3, 4, 0), (1, 1, 2, 1), (3, 2, 15, 4), (5, 7, 33, 40), (2, 3, 801, 12),
    ),
    "tanh_forward": table("N", *((n,) for n in (0, 1, 15, 16, 17, 31, 33, 1000, 4097, 100_001))),
    "dropout": table(
        "T B D steps", (0, 2, 3, 0), (1, 1, 1, 1), (3, 2, 5, 3), (4, 3, 17, 1), (7, 64, 33, 1), (20, 64, 128, 20),
    ),
    "adam_update": table(
        "N decay", (0, 0.0), (1, 0.01), (15, 0.0), (16, 0.1), (17, 0.01), (8191, 0.0), (8193, 0.01), (200_001, 0.01),
    ),
}
# fmt: on
for attending in ("attention_forward", "additive_attention_forward"):
    SIZES[attending] += [sizes | {"biased": True} for sizes in SIZES[attending]]
SIZES |= {kernel.replace("forward", "backward"): list(every) for kernel, every in SIZES.items() if "forward" in kernel}
SIZES["affine_backward"] += table(
    "N D M bias add",
    (3, 4, 0, True, True),
    (5, 17, 33, True, True),
    (29, 255, 40, False, True),
    (300, 40, 260, True, True),
)
for attending in ("attention_backward", "additive_attention_backward"):
    SIZES[attending] = [sizes | {"arriving": arriving} for sizes in SIZES[attending] for arriving in (True, False)]
SIZES["clear"] = SIZES["tanh_forward"]

CASES = [(kernel, sizes) for kernel, every in sorted(SIZES.items()) for sizes in every]


def case_id(case: tuple[str, dict[str, Any]]) -> str:
    kernel, sizes = case
    return f"{kernel}-{','.join(f'{name}={size}' for name, size in sizes.items())}"


def arguments(kernel: str, sizes: dict[str, Any], seed: int = 0) -> Arguments:
    """Return the arguments of a call, in float64 but with values that float32 holds exactly."""
    args: Arguments = globals()[kernel](np.random.default_rng(seed), **sizes)
    return cast(cast(args, np.float32), np.float64)
