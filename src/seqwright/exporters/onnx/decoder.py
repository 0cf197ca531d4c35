"""A step of the decoder of one network as part of a graph: `models.decoder`, for K hypotheses of each of B sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from seqwright.exporters.onnx.encoder import Encoded, Sources
from seqwright.exporters.onnx.graph import Graph, floats
from seqwright.exporters.onnx.lstm import cell, gate_inputs
from seqwright.exporters.onnx.weights import Matrix, Weights, product
from seqwright.models import ModelSpec
from seqwright.nn.attention import FARTHEST
from seqwright.types import Ids

__all__ = ["Fixed", "fixed", "mixed", "step"]


class Fixed(NamedTuple):
    """What the steps of one network read of the sources; a field is None where the network has no use for it.

    memory (B, S, M).   keys (B, H, S): what the attention score multiplies states with; (B, 1, S, H) for the additive
    one.   padding (B, 1, S): 0, and -inf at padding.   conditioning (B, 1, P), gates (B, 1, 4H): the conditioning
    vector, and its share in the gates of the first LSTM.   copied (B, S, V): 1 at the target symbol of a source symbol.
    """

    memory: str | None = None
    keys: str | None = None
    padding: str | None = None
    conditioning: str | None = None
    gates: str | None = None
    copied: str | None = None


def fixed(g: Graph, spec: ModelSpec, weights: Weights, encoder: Encoded, sources: Sources, copy_map: Ids) -> Fixed:
    """Return what the steps read, computed once for each source.   weights: of the decoder."""
    found = Fixed()
    if spec.attention != "none":
        places = g.counting(g.length(sources.rest, 1))
        is_real = g.op("Less", places, g.unsqueezed(sources.rest_lengths, 1))
        padding = g.op("Where", is_real, floats(0), floats(-np.inf))
        keys = KEYS[spec.attention](g, weights.under("attention."), encoder.memory)
        found = found._replace(memory=encoder.memory, keys=keys, padding=g.unsqueezed(padding, 1))
    parts = [encoder.h[-1]] if spec.peeky else []
    parts += [encoder.features] if encoder.features is not None and spec.features_size else []
    if parts:
        vector = g.unsqueezed(g.op("Concat", *parts, axis=1) if len(parts) > 1 else parts[0], 1)
        Wx = weights.matrix(weights["lstm.0.Wx"])
        found = found._replace(conditioning=vector, gates=product(g, vector, _rows(g, Wx, spec.embedding_size, None)))
    if spec.copying:
        ids = g.unsqueezed(g.op("Gather", copy_map.astype(np.int64), sources.rest), 2)
        same = g.op("Equal", ids, np.arange(spec.target_vocab_size))
        found = found._replace(copied=g.cast(same, "float"))
    return found


def step(
    g: Graph, spec: ModelSpec, weights: Weights, fixed: Fixed, ids: str, n: str, h: list[str], c: list[str],
    never: tuple[int, ...],
) -> tuple[str, str | None, list[str], list[str]]:  # fmt: skip
    """Return log-probabilities (B, K, V), attention weights (B, K, S) or None, and the next h and c of each layer.

    ids (B, K): the last symbol of each hypothesis, of n () symbols.   h, c: (B, K, H).   never: ids that are not
    generated.
    """
    E, D = weights.array(weights["embedding.W"], axis=1), spec.embedding_size
    first = weights.under("lstm.0.")
    once = weights.graph  # not in the body of a loop
    table = once.op("Add", product(once, E, _rows(once, first.matrix(first["Wx"]), 0, D)), first.array(first["b"]))
    x = g.op("Gather", table, ids)
    if fixed.gates is not None:
        x = g.op("Add", x, fixed.gates)
    h, c = list(h), list(c)
    for layer in range(spec.decoder_layers):
        one = weights.under(f"lstm.{layer}.")
        gates = gate_inputs(g, one, x) if layer else x
        h[layer], c[layer] = cell(g, gates, h[layer], c[layer], one.matrix(one["Wh"]))
        x = h[layer]
    attended = None
    if fixed.memory is not None:
        x, attended = _attention(g, spec, weights.under("attention."), fixed, x, n)
    if fixed.conditioning is not None:
        shape = g.op("Concat", g.size(x, 0), g.size(x, 1), g.ints(spec.conditioning_size), axis=0)
        x = g.op("Concat", x, g.op("Expand", fixed.conditioning, shape), axis=2)
    W = weights["embedding.W"].T if spec.tied else weights["affine.W"]
    b = weights["affine.b"].copy()
    b[list(never)] = -np.inf
    logits = g.op("Add", product(g, x, weights.matrix(W)), weights.array(b))
    log_probs = g.op("LogSoftmax", logits, axis=-1)
    if fixed.copied is not None and attended is not None:
        log_probs = _copying(g, weights.under("copying."), fixed.copied, x, attended, log_probs)
    return log_probs, attended, h, c


def _rows(g: Graph, W: Matrix, first: int, end: int | None) -> Matrix:
    """Return some rows of a matrix, with the scales of all."""
    axis = g.ints(0)
    some = g.op("Slice", W.values, g.ints(first), g.ints(np.iinfo(np.int64).max if end is None else end), axis)
    return W._replace(values=some)


def _dot_keys(g: Graph, _weights: Weights, memory: str) -> str:
    return g.op("Transpose", memory, perm=[0, 2, 1])


def _bilinear_keys(g: Graph, weights: Weights, memory: str) -> str:
    return g.op("Transpose", product(g, memory, weights.matrix(weights["Wa"].T)), perm=[0, 2, 1])


def _additive_keys(g: Graph, weights: Weights, memory: str) -> str:
    return g.unsqueezed(product(g, memory, weights.matrix(weights["Wk"])), 1)


KEYS: dict[str, Callable[[Graph, Weights, str], str]] = {
    "dot": _dot_keys,
    "bilinear": _bilinear_keys,
    "additive": _additive_keys,
}  # as in `nn.attention.SCORES`


def _attention(g: Graph, spec: ModelSpec, weights: Weights, fixed: Fixed, h: str, n: str) -> tuple[str, str]:
    """Return h̃ (B, K, H) and attention weights (B, K, S) for h (B, K, H); see `nn.attention`."""
    assert fixed.memory is not None and fixed.keys is not None and fixed.padding is not None
    if spec.attention == "additive":
        q = g.unsqueezed(product(g, h, weights.matrix(weights["Wq"])), 2)
        v = weights.array(weights["v"], axis=0)
        score = g.op("Squeeze", g.op("MatMul", g.op("Tanh", g.op("Add", q, fixed.keys)), v), g.ints(3))
    else:
        score = g.op("MatMul", h, fixed.keys)
    score = g.op("Add", score, fixed.padding)
    if spec.distance_bias:
        places = g.op("Sub", g.counting(g.length(fixed.memory, 1)), n)
        places = g.op("Min", g.op("Max", places, np.array(-FARTHEST)), np.array(FARTHEST))
        bias = g.op("Gather", weights.array(weights["distance"]), g.op("Add", places, np.array(FARTHEST)))
        score = g.op("Add", score, bias)
    attended = g.op("Softmax", score, axis=-1)
    both = g.op("Concat", g.op("MatMul", attended, fixed.memory), h, axis=2)
    out = g.op("Add", product(g, both, weights.matrix(weights["Wc"])), weights.array(weights["bc"]))
    return g.op("Tanh", out), attended


def _copying(g: Graph, weights: Weights, copied: str, x: str, attended: str, log_generated: str) -> str:
    """Return the log-probabilities of generating or copying, (B, K, V); see `kernels.reference.copying`."""
    W, b = weights.array(weights["W"], axis=0), weights.array(weights["b"])
    gate = g.op("Add", g.op("MatMul", x, W), b)
    log_gamma = g.op("Neg", g.op("Softplus", g.op("Neg", gate)))
    C = g.op("MatMul", attended, copied)
    left = g.op("Sub", floats(1), g.op("ReduceSum", C, g.ints(-1)))
    left = g.op("Log", g.op("Max", left, floats(0)))
    log_w = mixed(g, [g.op("Neg", g.op("Softplus", gate)), g.op("Add", log_gamma, left)])
    return mixed(g, [g.op("Add", log_generated, log_w), g.op("Add", g.op("Log", C), log_gamma)])


def mixed(g: Graph, log_probs: list[str]) -> str:
    """Return the logarithm of the sum of probabilities; -inf where all are 0."""
    top = g.op("Max", *log_probs, floats(-3e38))
    parts = [g.op("Exp", g.op("Sub", one, top)) for one in log_probs]
    return g.op("Add", top, g.op("Log", g.op("Sum", *parts)))
