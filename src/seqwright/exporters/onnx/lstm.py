"""An LSTM as part of a graph: `kernels.reference.lstm`, one step at a time."""

from __future__ import annotations

from seqwright.exporters.onnx.graph import Graph
from seqwright.exporters.onnx.weights import Matrix, Weights, product
from seqwright.models import ModelSpec

__all__ = ["cell", "directions", "gate_inputs"]


def cell(g: Graph, gates: str, h: str, c: str, Wh: Matrix) -> tuple[str, str]:
    """Return the next h and c (…, H) from gates (…, 4H), the share of the inputs, and the last h and c."""
    parts = g.ops(4, "Split", g.op("Add", gates, product(g, h, Wh)), axis=-1)
    i, f, o = (g.op("Sigmoid", parts[n]) for n in (0, 1, 3))
    c = g.op("Add", g.op("Mul", f, c), g.op("Mul", i, g.op("Tanh", parts[2])))
    return g.op("Mul", o, g.op("Tanh", c)), c


def gate_inputs(g: Graph, weights: Weights, inputs: str | tuple[str, str]) -> str:
    """Return the share of the inputs x (…, D) in the gates, x Wx + b (…, 4H).

    inputs: x, or embeddings E (V, D) and ids of their rows; a runtime computes the table E Wx + b only once.
    """
    x, ids = inputs if isinstance(inputs, tuple) else (inputs, None)
    found = g.op("Add", product(g, x, weights.matrix(weights["Wx"])), weights.array(weights["b"]))
    return found if ids is None else g.op("Gather", found, ids)


def directions(spec: ModelSpec) -> tuple[str, ...]:
    """Return the directions of the encoder's layers."""
    if spec.bidirectional:
        return ("forward", "backward")
    return ("backward",) if spec.reversed_source else ("forward",)
