"""The encoder of one network as part of a graph: `models.encoder`, batch first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.exporters.onnx.graph import Graph, floats
from seqwright.exporters.onnx.lstm import cell, directions, gate_inputs
from seqwright.exporters.onnx.precision import Precision
from seqwright.exporters.onnx.weights import Weights, product
from seqwright.models import ModelSpec

__all__ = ["Encoded", "Sources", "encoded"]


class Sources(NamedTuple):
    """The source as the encoder receives it.

    ids (B, S): all of it.   lengths (B,): number of symbols, padding left out.   n_features (B,): number of symbols up
    to the last feature, None for a model that reads features like other symbols.   rest (B, R), rest_lengths (B,): the
    symbols after the features.
    """

    ids: str
    lengths: str
    n_features: str | None
    rest: str
    rest_lengths: str

    @classmethod
    def of(cls, g: Graph, ids: str, feature_mask: npt.NDArray[np.bool_] | None) -> Sources:
        """Return the parts of ids (B, S), whose padding is 0.   feature_mask (V,): which symbols are features."""
        real = g.op("Greater", ids, np.array(0))
        lengths = g.op("ReduceSum", g.cast(real, "int64"), g.ints(1), keepdims=0)
        if feature_mask is None:
            return cls(ids, lengths, None, ids, lengths)
        places = g.counting(g.length(ids, 1))
        is_feature = g.op("Gather", feature_mask, ids)
        ends = g.op("Where", is_feature, g.op("Add", places, np.array(1)), np.array(0))
        n = g.op("ReduceMax", ends, axes=[1], keepdims=0)
        rest_lengths = g.op("Sub", lengths, n)
        longest = g.op("ReduceMax", rest_lengths, axes=[0], keepdims=0)
        shifted = g.op("Add", g.counting(longest), g.unsqueezed(n, 1))
        shifted = g.op("Mod", shifted, g.length(ids, 1))
        return cls(ids, lengths, n, g.op("GatherElements", ids, shifted, axis=1), rest_lengths)


class Encoded(NamedTuple):
    """As `models.encoder.Encoded`, batch first: h, c of each layer of the decoder (B, H), memory (B, S, M)."""

    h: list[str]
    c: list[str]
    memory: str
    features: str | None


def encoded(g: Graph, spec: ModelSpec, weights: Weights, sources: Sources) -> Encoded:
    """Return what the decoder reads."""
    E = weights.array(weights["embedding.W"], axis=1)
    ids = g.op("Transpose", sources.rest, perm=[1, 0])
    x, h, c = "", [], []
    for layer in range(spec.encoder_layers):
        x, end_h, end_c = _layer(g, spec, weights.under(f"lstm.{layer}."), (E, ids) if layer == 0 else x, sources)
        if layer >= spec.encoder_layers - spec.decoder_layers:
            h.append(_crossed(g, spec, weights, "h", end_h))
            c.append(_crossed(g, spec, weights, "c", end_c))
    features = None
    if sources.n_features is not None:
        mask = g.op("Less", g.counting(g.length(sources.ids, 1)), g.unsqueezed(sources.n_features, 1))
        mask = g.unsqueezed(g.cast(mask, "float"), 2)
        features = g.op("ReduceSum", g.op("Mul", g.op("Gather", E, sources.ids), mask), g.ints(1), keepdims=0)
    return Encoded(h, c, g.op("Transpose", x, perm=[1, 0, 2]), features)


def _crossed(g: Graph, spec: ModelSpec, weights: Weights, state: str, ends: list[str]) -> str:
    """Return the initial state (B, H) of a layer of the decoder from the final states of the directions."""
    if state not in spec.bridge:
        return g.op("Mul", ends[0], floats(0))
    if not spec.bidirectional:
        return ends[0]
    bridge = weights.under(f"bridge.{state}.")
    both = g.op("Concat", *ends, axis=1)
    return g.op("Add", product(g, both, weights.matrix(bridge["W"])), weights.array(bridge["b"]))


def _layer(
    g: Graph, spec: ModelSpec, weights: Weights, inputs: str | tuple[str, str], sources: Sources
) -> tuple[str, list[str], list[str]]:
    """Return the outputs (S, B, M), and the final h and c (B, H) of each direction."""
    each = [weights.under(f"{direction}.") for direction in directions(spec)]
    if weights.precision is not Precision.INT8:
        x = g.op("Gather", *inputs) if isinstance(inputs, tuple) else inputs
        return _operator(g, spec, weights, each, x, sources)
    outputs = []
    for direction, one in zip(directions(spec), each, strict=True):
        gates = gate_inputs(g, one, inputs)
        outputs.append(_scanned(g, one, gates, sources.rest_lengths, spec.hidden_size, back=direction == "backward"))
    y, h, c = (list(part) for part in zip(*outputs, strict=True))
    return g.op("Concat", *y, axis=2) if len(y) > 1 else y[0], h, c


def _operator(
    g: Graph, spec: ModelSpec, weights: Weights, each: list[Weights], x: str, sources: Sources
) -> tuple[str, list[str], list[str]]:
    """Return the results of the operator LSTM, whose gates are in the order i o f c and have two biases."""
    order = np.concatenate([np.arange(spec.hidden_size) + spec.hidden_size * gate for gate in (0, 3, 1, 2)])
    W, R, b = (np.stack([one[name].T[..., order, :] if name != "b" else one[name][order] for one in each])
               for name in ("Wx", "Wh", "b"))  # fmt: skip
    name = "bidirectional" if spec.bidirectional else "reverse" if spec.reversed_source else "forward"
    y, h, c = g.ops(
        3, "LSTM", x, weights.array(W), weights.array(R), weights.array(np.concatenate([b, 0 * b], axis=1)),
        g.cast(sources.rest_lengths, "int32"), hidden_size=spec.hidden_size, direction=name,
    )  # fmt: skip
    n = len(each)
    y = g.reshaped(g.op("Transpose", y, perm=[0, 2, 1, 3]), 0, 0, n * spec.hidden_size)
    parts = (g.ops(n, "Split", state, axis=0) if n > 1 else [state] for state in (h, c))
    h_parts, c_parts = ([g.op("Squeeze", part, g.ints(0)) for part in some] for some in parts)
    return y, h_parts, c_parts


def _scanned(g: Graph, weights: Weights, gates: str, lengths: str, H: int, *, back: bool) -> tuple[str, str, str]:
    """Return outputs (S, B, H) and final states (B, H) from a scan over gates (S, B, 4H); padding passes states on."""
    steps = g.unsqueezed(g.counting(g.length(gates, 0)), 1)
    real = g.unsqueezed(g.cast(g.op("Less", steps, g.unsqueezed(lengths, 0)), "float"), 2)
    zeros = g.op("Expand", floats(0), g.op("Concat", g.size(gates, 1), g.ints(H), axis=0))
    Wh = weights.matrix(weights["Wh"])
    body = Graph(g)
    h, c = cell(body, "gates", "h", "c", Wh)
    is_real = body.op("Greater", "real", floats(0))
    h, c = body.op("Where", is_real, h, "h"), body.op("Where", is_real, c, "c")
    out = body.op("Identity", h)
    end_h, end_c, y = g.scan({"h": zeros, "c": zeros}, {"gates": gates, "real": real}, body, [h, c, out], back=back)
    return y, end_h, end_c
