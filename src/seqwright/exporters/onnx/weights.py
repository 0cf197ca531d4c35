"""The weights of a network as values of a graph, in the precision of the export, and products with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from seqwright.exporters.onnx.graph import Graph, Value, floats
from seqwright.exporters.onnx.precision import Precision
from seqwright.kernels.reference.quantized import LARGEST, LEAST, quantize
from seqwright.types import Array

__all__ = ["Matrix", "Weights", "product"]

ZERO = 128  # the code of 0: sums of unsigned bytes are exact on every processor, those of signed ones are not


class Matrix(NamedTuple):
    """A matrix to multiply by: floats (K, M), or codes (K, M) and the scale of each column (M,)."""

    values: Value
    scales: Value | None = None


class Weights:
    """The weights of one network, by name without the prefix; arrays of a float precision are float32 in the graph."""

    def __init__(self, graph: Graph, arrays: Mapping[str, Array], precision: Precision) -> None:
        self.graph: Graph = graph
        self.precision: Precision = precision
        self._arrays = arrays

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def under(self, prefix: str) -> Weights:
        """Return the weights whose names begin with the prefix, without it."""
        named = {name.removeprefix(prefix): a for name, a in self._arrays.items() if name.startswith(prefix)}
        return Weights(self.graph, named, self.precision)

    def array(self, array: Array, *, axis: int | None = None) -> str:
        """Return floats.   axis: along which a matrix of 8-bit weights has one scale; None: floats in the file, too."""
        array = np.ascontiguousarray(array, np.float32)
        if self.precision is Precision.FLOAT16:
            return self.graph.cast(array.astype(np.float16), "float")
        if self.precision is Precision.INT8 and axis is not None:
            codes, scales = quantize(array, axis=axis)
            return self.graph.op("Mul", self.graph.cast(codes, "float"), scales)
        return self.graph.name(array)

    def matrix(self, array: Array) -> Matrix:
        """Return a matrix (K, M) for `product`."""
        if self.precision is not Precision.INT8:
            return Matrix(self.array(array))
        codes, scales = quantize(np.ascontiguousarray(array, np.float32), axis=0)
        return Matrix((codes.astype(np.int16) + ZERO).astype(np.uint8), scales.reshape(-1))


def product(g: Graph, x: Value, W: Matrix) -> str:
    """Return x W over the last axis, x (…, K) -> (…, M).   Rows of x are quantised if W is."""
    if W.scales is None:
        return g.op("MatMul", x, W.values)
    top = g.op("ReduceMax", g.op("Abs", x), axes=[-1])
    top = g.op("Where", g.op("Less", top, floats(LEAST)), floats(0), top)
    inverse = g.op("Div", floats(LARGEST), g.op("Max", top, floats(LEAST)))
    codes = g.cast(g.op("Add", g.op("Round", g.op("Mul", x, inverse)), floats(ZERO)), "uint8")
    zero = np.array(ZERO, np.uint8)
    sums = g.cast(g.op("MatMulInteger", codes, W.values, zero, zero), "float")
    # One scale after the other: ONNX Runtime takes a product of both for one scale of all rows, and fuses it wrongly.
    return g.op("Mul", g.op("Mul", sums, g.op("Div", top, floats(LARGEST))), W.scales)
