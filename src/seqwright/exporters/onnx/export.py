"""Write a model as ONNX graphs, with the rules of its text and clients in three languages."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import NamedTuple

import msgspec

from seqwright import bundle as bundles
from seqwright.errors import OutputError, UsageError
from seqwright.exporters.onnx.precision import Precision
from seqwright.exporters.onnx.rules import rules

__all__ = ["OnnxExport", "export_onnx"]

CLIENTS = ("README.md", "predict.py", "predict.mjs", "Predict.cs")


class OnnxExport(NamedTuple):
    """The result of an export to ONNX.

    Attributes
    ----------
    output : Path
        The directory that was written.
    n_bytes : dict of str to int
        The size of each file.
    """

    output: Path
    n_bytes: dict[str, int]


def export_onnx(model: str | Path, output: str | Path, *, precision: str = "float32") -> OnnxExport:
    """Write a model as graphs for ONNX Runtime: encoder, decoder step, and the whole search.

    The directory also holds the vocabularies and rules of text as JSON, a README, and clients in Python, JavaScript and
    C#.

    Parameters
    ----------
    model : path
        The model directory.
    output : path
        The directory to write.
    precision : {"float32", "float16", "int8"}, default "float32"
        float16 stores weights in 16 bits and computes in 32; int8 multiplies 8-bit weights and inputs. A model in 8
        bits is always written as int8.

    Returns
    -------
    OnnxExport
        The directory and its files.

    Raises
    ------
    UsageError
        If `output` exists, or the precision or an ensemble has no form in ONNX.
    ModelError
        If the model cannot be loaded.
    OutputError
        If `output` cannot be written.
    DependencyError
        If the library onnx is not installed.
    """
    if precision not in list(Precision):
        raise UsageError(f"precision = {precision!r}: expected one of {', '.join(Precision)}")
    from seqwright.exporters.onnx.graphs import graphs  # which needs the library onnx

    target, bundle = Path(output), bundles.load(Path(model))
    bundles.refuse_taken(target)
    chosen = Precision.INT8 if bundle.int8 else Precision(precision)
    made = graphs(bundle.build(), bundle.limits, chosen)
    files = {f"{name}.onnx": graph.SerializeToString() for name, graph in made.items()}
    files["model.json"] = msgspec.json.format(msgspec.json.encode(rules(bundle, chosen)), indent=1)
    clients = importlib.resources.files("seqwright.exporters.onnx") / "_clients"
    files |= {name: (clients / name).read_bytes() for name in CLIENTS}
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (target / name).write_bytes(data)
    except OSError as error:
        raise OutputError(f"{target}: cannot write: {error.strerror}; choose another directory") from None
    return OnnxExport(target, {name: len(data) for name, data in files.items()})
