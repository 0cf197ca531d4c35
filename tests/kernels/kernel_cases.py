"""Calls of every kernel, for any sizes: arguments in float64, outputs full of what must be overwritten or added to."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from seqwright.kernels import reference
from seqwright.kernels.reference import Automaton, Decoding
from seqwright.search import automaton

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


def attention_forward(rng: np.random.Generator, T: int, B: int, S: int, E: int, biased: bool = False) -> Arguments:
    """biased: whether something is added to the scores."""
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
    scores, targets, lengths, smoothing, probs, _ = args = cross_entropy_forward(rng, **sizes)
    reference.cross_entropy_forward(*args)
    return [probs, targets, lengths, smoothing, 0.25, rng.standard_normal(scores.shape)]


def copying(rng: np.random.Generator, T: int, B: int, V: int, S: int) -> Arguments:
    """What is mixed: scores, weights, gate and source.   A row of weights sums to 1 or, seldom, is 0."""
    scores, weights, gate = 3 * rng.standard_normal((T, B, V)), rng.random((T, B, S)), 2 * rng.standard_normal((T, B))
    weights /= np.maximum(weights.sum(axis=2, keepdims=True), 1e-30)
    weights[rng.random((T, B)) < 0.1] = 0
    return [scores, weights, gate, ints(rng, V + 1, S, B) - np.int32(1)]


def copy_cross_entropy_forward(
    rng: np.random.Generator, T: int, B: int, V: int, S: int, smoothing: float = 0.1
) -> Arguments:
    outputs = [rng.standard_normal((T, B, V)), rng.standard_normal((T, B))]
    return [*copying(rng, T, B, V, S), ints(rng, V, T, B), ints(rng, T + 1, B), smoothing, *outputs]


def copy_cross_entropy_backward(rng: np.random.Generator, **sizes: Any) -> Arguments:
    args = copy_cross_entropy_forward(rng, **sizes)
    scores, weights, gate, source, targets, lengths, smoothing, probs, _ = args
    reference.copy_cross_entropy_forward(*args)
    outputs = [rng.standard_normal(a.shape) for a in (scores, weights, gate)]
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


def encode(
    rng: np.random.Generator,
    S: int,
    B: int,
    V: int,
    D: int,
    H: int,
    layers: int = 1,
    directions: int = 2,
    cell: bool = True,
    reverse: bool = False,
    crossing: int = 0,
) -> Arguments:
    """crossing: how many layers start one of the decoder, 0 for all."""
    normal = rng.standard_normal
    stack, bridge = [], []
    for layer in range(layers):
        inputs = D if layer == 0 else directions * H
        scale = 1 / np.sqrt(inputs + H)
        stack.append(
            [(scale * normal((inputs, 4 * H)), scale * normal((H, 4 * H)), normal(4 * H)) for _ in range(directions)]
        )
    if directions == 2:
        bridge = [(normal((2 * H, H)) / np.sqrt(2 * H), normal(H)) for _ in range(1 + cell)]
    states = *normal((2, crossing or layers, B, H)), normal((S, B, directions * H))
    return [normal((V, D)), stack, bridge, reverse, cell, ints(rng, V, S, B), ints(rng, S + 1, B), *states]


def decoding(
    rng: np.random.Generator,
    B: int,
    V: int,
    D: int,
    H: int,
    layers: int = 1,
    S: int = 0,
    M: int = 0,
    P: int = 0,
    bilinear: bool = True,
    additive: bool = False,
    distance: bool = False,
) -> Decoding:
    """S: 0 for no attention.   P: 0 for no peek.   additive: whatever `bilinear` says.   distance: a bias by it."""
    normal = rng.standard_normal
    stack = []
    for layer in range(layers):
        inputs = D + P if layer == 0 else H
        scale = 1 / np.sqrt(inputs + H)
        stack.append((scale * normal((inputs, 4 * H)), scale * normal((H, 4 * H)), normal(4 * H)))
    scale = 1 / np.sqrt(M + H)
    score: Any = scale * normal((H, M)) if bilinear and not additive else None
    if additive:
        score = (scale * normal((H, H)), scale * normal((M, H)), normal((H, 1)))
    by_distance = normal(7) if distance else None
    return Decoding(
        E=normal((V, D)),
        layers=stack,
        attention=(score, scale * normal((M + H, H)), normal(H), by_distance) if S else None,
        W=normal((H + P, V)),
        b=normal(V),
        h=0.5 * normal((layers, B, H)),
        c=0.5 * normal((layers, B, H)),
        peek=normal((B, P)) if P else None,
        memory=normal((S, B, M)) if S else None,
        memory_lengths=ints(rng, S + 1, B) if S else None,
    )


def generate(rng: np.random.Generator, T: int, B: int, V: int, end_id: int = 0, **net: Any) -> Arguments:
    """net: what else `decoding` takes."""
    return [
        decoding(rng, B, V, **net),
        V - 1,
        end_id,
        ints(rng, T + 1, B),
        ints(rng, V, T, B),
        rng.standard_normal((T, B)),
        ints(rng, V, B),
    ]


def some_automaton(rng: np.random.Generator, V: int, N: int = 9) -> Automaton:
    """Return one that reads about half of the symbols but 0 in each state; some states have no way into its set."""
    rows = [np.flatnonzero(rng.random(V) < 0.5) for _ in range(N)]
    rows = [row[row > 0].astype(np.int32) for row in rows]
    first = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    accepting = rng.random(N) < 0.3
    accepting[0] = True
    return automaton.Automaton(first, np.concatenate(rows), ints(rng, N, int(first[-1])), accepting).arrays


def searched(
    rng: np.random.Generator,
    T: int,
    B: int,
    width: int,
    V: int,
    D: int,
    H: int,
    S: int = 0,
    M: int = 0,
    P: int = 0,
    looks: bool = True,
    members: int = 1,
    constrained: bool = False,
    copying: bool = False,
    **net: Any,
) -> tuple[Arguments, Arguments]:
    """Return what the arguments of `beam` and `sample` begin and end with; members differ in size, not in memory.

    looks: whether where symbols looked is wanted.   copying: whether the first member copies.   net: what else
    `decoding` takes.
    """
    wider = 3 if net.get("bilinear", True) else 0  # the dot product compares a memory as wide as the state
    nets = [
        decoding(rng, B, V, D + n, H + wider * n, S=S, M=M + wider * n if S else 0, P=P, **net) for n in range(members)
    ]
    nets = [one._replace(memory_lengths=nets[0].memory_lengths) for one in nets]
    if copying:
        source = ints(rng, V + 1, S, B) - np.int32(1)
        nets[0] = nets[0]._replace(copying=(rng.standard_normal((H + P, 1)), rng.standard_normal(1), source))
    begin = [nets, some_automaton(rng, V) if constrained else None, V - 1, 0, ints(rng, T, B), ints(rng, 3, B)]
    return begin, [
        ints(rng, V, B, width, T),
        rng.standard_normal((B, width, T)),
        ints(rng, V, B, width),
        ints(rng, 2, B, width),
        rng.standard_normal((B, width, T, S)) if S and looks else None,
    ]


def beam(rng: np.random.Generator, groups: int = 1, **sizes: Any) -> Arguments:
    begin, end = searched(rng, **sizes)
    return [*begin, groups, 0.7, *end]


def sample(
    rng: np.random.Generator,
    T: int,
    B: int,
    width: int,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    **sizes: Any,
) -> Arguments:
    begin, end = searched(rng, T, B, width, **sizes)
    return [*begin, rng.random((B, T, width), np.float32), temperature, top_k, top_p, *end]


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
    "beam": table(
        "T B width V D H layers S M P bilinear looks members constrained groups copying",
        (3, 0, 2, 5, 3, 4), (3, 2, 0, 5, 3, 4), (1, 1, 1, 1, 1, 1), (1, 3, 2, 7, 3, 5), (6, 1, 1, 7, 3, 17),
        (6, 1, 5, 17, 4, 16), (5, 3, 4, 13, 16, 33, 2), (6, 4, 5, 19, 5, 16, 1, 5, 16, 0, False),
        (6, 5, 8, 3, 5, 20, 1, 5, 23, 6), (7, 19, 7, 33, 12, 31, 2, 9, 62, 9),
        (6, 40, 3, 65, 17, 48, 1, 7, 48, 0, False, False), (4, 2, 150, 16, 7, 24, 1, 4, 30), (9, 61, 5, 40, 8, 32, 3),
        (8, 3, 2, 31, 6, 15, 1, 17, 40, 0, True, False),
        (6, 9, 4, 33, 7, 17, 2, 5, 23, 3, True, True, 3), (5, 30, 3, 19, 5, 16, 1, 4, 16, 0, False, False, 2),
        (5, 7, 3, 18, 5, 15, 1, 0, 0, 0, True, True, 5), (9, 12, 5, 23, 4, 16, 1, 4, 20, 0, True, True, 1, True),
        (8, 20, 1, 40, 6, 33, 2, 0, 0, 0, True, True, 2, True),
        (7, 9, 6, 17, 5, 20, 1, 5, 23, 0, True, True, 1, False, 3),
        (7, 33, 4, 30, 6, 31, 1, 3, 20, 4, True, True, 2, True, 4),
        (5, 3, 6, 3, 4, 5, 1, 0, 0, 0, True, True, 1, False, 2),
        (6, 4, 5, 19, 5, 16, 1, 5, 16, 0, False, True, 1, False, 1, True),
        (7, 33, 4, 30, 6, 31, 1, 9, 20, 4, True, True, 2, True, 4, True),
        (6, 9, 1, 33, 7, 17, 2, 5, 23, 3, True, False, 3, False, 1, True),
    ),
    "sample": table(
        "T B width V D H layers S M P bilinear looks members constrained temperature top_k top_p copying",
        (3, 0, 2, 5, 3, 4), (3, 2, 0, 5, 3, 4), (1, 1, 1, 1, 1, 1), (6, 1, 3, 7, 3, 17),
        (5, 3, 4, 13, 16, 33, 2, 0, 0, 0, True, True, 1, False, 0.5), (6, 30, 2, 65, 5, 16, 1, 5, 16, 0, False),
        (6, 5, 8, 33, 5, 20, 1, 5, 23, 6, True, True, 3, False, 1.5, 5),
        (7, 19, 3, 40, 7, 24, 1, 4, 30, 0, True, False, 1, True, 1.0, 0, 0.8),
        (7, 9, 5, 70, 7, 24, 2, 4, 30, 3, True, True, 2, True, 2.0, 9, 0.5),
        (7, 9, 5, 70, 7, 24, 2, 4, 30, 3, True, True, 2, True, 2.0, 9, 0.5, True),
    ),
    "encode": table(
        "S B V D H layers directions cell reverse crossing",
        (0, 2, 5, 3, 4), (3, 0, 5, 3, 4), (1, 1, 1, 1, 1), (4, 1, 7, 5, 17, 1, 1, False),
        (4, 2, 7, 16, 16, 2, 1, True, True), (5, 3, 9, 5, 33, 1, 2, False), (5, 5, 9, 9, 15, 3), (3, 40, 60, 65, 48, 1),
        (6, 6, 30, 20, 24, 4), (7, 30, 3, 33, 31, 2), (5, 6, 9, 7, 17, 2, 2, True, False, 1),
        (4, 5, 9, 16, 20, 3, 1, True, True, 2), (6, 30, 9, 20, 24, 4, 2, False, False, 2),
    ),
    "generate": table(
        "T B V D H layers S M P bilinear end_id",
        (0, 2, 5, 3, 4), (3, 0, 5, 3, 4), (1, 1, 1, 1, 1), (5, 1, 7, 3, 17), (5, 3, 13, 16, 33, 2),
        (6, 4, 19, 5, 16, 1, 5, 16, 0, False), (6, 5, 33, 5, 20, 1, 5, 23, 6, True, -1),
        (7, 19, 40, 12, 31, 2, 9, 62, 9), (5, 30, 70, 17, 48), (5, 2, 70, 17, 48, 3, 3, 48),
    ) + table(
        "T B V D H layers S M P additive distance",
        (6, 2, 19, 5, 16, 1, 5, 23, 0, True), (6, 21, 33, 5, 20, 2, 5, 40, 6, True, True),
        (9, 3, 33, 5, 20, 2, 11, 40, 6, False, True),
    ),
}
# fmt: on
for attending in ("attention_forward", "additive_attention_forward"):
    SIZES[attending] += [sizes | {"biased": True} for sizes in SIZES[attending]]
for searching in ("beam", "sample"):
    SIZES[searching] += table(
        "T B width V D H layers S M P members copying additive distance",
        (6, 4, 5, 19, 5, 16, 1, 5, 16, 0, 1, False, True),
        (7, 33, 4, 30, 6, 31, 2, 9, 23, 4, 2, True, True, True),
        (8, 21, 4, 30, 6, 31, 1, 9, 23, 0, 1, True, False, True),
    )
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
