"""Nodes, constants and weights of an ONNX graph, added one operator at a time.

Values are names. An argument that is an array becomes a constant; equal constants are one. Loop bodies share the names
and constants of the graph around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqwright.errors import DependencyError
from seqwright.types import Array

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    raise DependencyError("an export to ONNX needs the library onnx: pip install 'seqwright[onnx]'") from None

__all__ = ["OPSET", "Graph", "Value", "floats"]

OPSET = 17
IR_VERSION = 8  # of the releases of ONNX that have opset 17, so that runtimes of 2022 load the graphs

Value = str | npt.NDArray[Any]
TYPES = {
    "bool": TensorProto.BOOL, "double": TensorProto.DOUBLE, "float": TensorProto.FLOAT, "int32": TensorProto.INT32,
    "int64": TensorProto.INT64, "uint8": TensorProto.UINT8,
}  # fmt: skip


class Graph:
    """A graph in the making, or the body of a loop in one."""

    def __init__(self, around: Graph | None = None) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {} if around is None else around._constants
        self._initial: dict[str, onnx.TensorProto] = {} if around is None else around._initial
        self._n_values: list[int] = [0] if around is None else around._n_values  # one counter for all bodies

    def op(self, kind: str, *inputs: Value, **attributes: Any) -> str:
        """Add a node, return its output."""
        return self.ops(1, kind, *inputs, **attributes)[0]

    def ops(self, n_outputs: int, kind: str, *inputs: Value, **attributes: Any) -> list[str]:
        """Add a node, return its outputs. An input of "" is left out."""
        outputs = [self._new() for _ in range(n_outputs)]
        self._nodes.append(helper.make_node(kind, [self.name(value) for value in inputs], outputs, **attributes))
        return outputs

    def name(self, value: Value) -> str:
        """Return the name of a value, which is added as a constant if it is an array."""
        if isinstance(value, str):
            return value
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in self._constants:
            self._constants[key] = name = self._new()
            self._initial[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return self._constants[key]

    def cast(self, value: Value, to: str) -> str:
        """Return the value as another type, a key of `TYPES`."""
        return self.op("Cast", value, to=TYPES[to])

    def ints(self, *values: int) -> npt.NDArray[np.int64]:
        """Return a list of whole numbers, such as axes or a shape."""
        return np.array(values, np.int64)

    def unsqueezed(self, value: Value, *axes: int) -> str:
        """Return the value with axes of length 1 at these positions."""
        return self.op("Unsqueeze", value, self.ints(*axes))

    def reshaped(self, value: Value, *shape: int) -> str:
        """Return the value in another shape: 0 keeps the length of an axis, -1 is the rest."""
        return self.op("Reshape", value, self.ints(*shape))

    def size(self, value: Value, axis: int) -> str:
        """Return the length of an axis, (1,)."""
        return self.op("Shape", value, start=axis, end=axis + 1)

    def length(self, value: Value, axis: int) -> str:
        """Return the length of an axis, ()."""
        return self.op("Squeeze", self.size(value, axis), self.ints(0))

    def counting(self, n: Value) -> str:
        """Return 0, 1, … n - 1 for n ()."""
        return self.op("Range", np.array(0), n, np.array(1))

    def named(self, value: str, name: str) -> None:
        """Give a value another name, such as that of an output of the graph."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))

    def loop(
        self, most: Value, states: Mapping[str, tuple[str, str]], body: Graph, outputs: Sequence[tuple[str, str]]
    ) -> list[str]:
        """Add a loop of at most `most` steps, return the last states, then the outputs of all steps.

        states: type and initial value, by the name that the body has for them, after "step" and "going" of its own.
        outputs: type and name in the body of: whether to go on, each next state, and each output of a step.
        """
        reads = [_declared("step", "int64", []), _declared("going", "bool", [])]
        reads += [_declared(name, kind, None) for name, (kind, _) in states.items()]
        writes = [_declared(name, kind, None) for kind, name in outputs]
        graph = helper.make_graph(body._nodes, "body", reads, writes)
        initial = [value for _, value in states.values()]
        return self.ops(len(outputs) - 1, "Loop", most, np.array(True), *initial, body=graph)

    def scan(
        self, states: Mapping[str, str], inputs: Mapping[str, str], body: Graph, outputs: Sequence[str], *, back: bool
    ) -> list[str]:
        """Add a scan over the first axis of the inputs, return the last states, then the outputs of all steps.

        states, inputs: floats, by the name that the body has for them.   outputs: of the body; next states first.
        back: from the last step to the first.
        """
        reads = [_declared(name, "float", None) for name in [*states, *inputs]]
        graph = helper.make_graph(body._nodes, "body", reads, [_declared(name, "float", None) for name in outputs])
        n_stacked = len(outputs) - len(states)
        return self.ops(
            len(outputs), "Scan", *states.values(), *inputs.values(), body=graph, num_scan_inputs=len(inputs),
            scan_input_directions=[int(back)] * len(inputs), scan_output_directions=[int(back)] * n_stacked,
        )  # fmt: skip

    def model(
        self, name: str, inputs: Mapping[str, tuple[str, Sequence[str | int]]],
        outputs: Mapping[str, tuple[str, Sequence[str | int]]],
    ) -> onnx.ModelProto:  # fmt: skip
        """Return the finished model, checked.   inputs, outputs: type and axes by name."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [_declared(one, *what) for one, what in inputs.items()],
            [_declared(one, *what) for one, what in outputs.items()],
            list(self._initial.values()),
        )
        made = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="seqwright"
        )
        onnx.checker.check_model(made, full_check=True)
        return made

    def _new(self) -> str:
        self._n_values[0] += 1
        return f"v{self._n_values[0]}"


def _declared(name: str, kind: str, axes: Sequence[str | int] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TYPES[kind], axes)


def floats(value: float | Array) -> npt.NDArray[np.float32]:
    """Return a constant of 32-bit floats."""
    return np.asarray(value, np.float32)
