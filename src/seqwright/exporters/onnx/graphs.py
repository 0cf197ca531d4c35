"""The graphs of an export: the encoder, a step of the decoder, and the whole search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seqwright.data.limits import Limits
from seqwright.errors import UsageError
from seqwright.exporters.onnx.decoder import Fixed
from seqwright.exporters.onnx.graph import Graph
from seqwright.exporters.onnx.network import Networks
from seqwright.exporters.onnx.precision import Precision
from seqwright.exporters.onnx.search import searched
from seqwright.models import Seq2seq

if TYPE_CHECKING:
    import onnx

__all__ = ["graphs"]


def graphs(members: Sequence[Seq2seq], limits: Limits, precision: Precision) -> dict[str, onnx.ModelProto]:
    """Return the graphs "encoder", "step" and "search".   UsageError: the networks have no form in ONNX, and why."""
    if len({net.spec.sum_features for net in members}) > 1:
        raise UsageError("an ensemble in which only some networks have sum_features cannot be exported to ONNX")
    state, fixed, encoder = _encoder(members, precision)
    return {
        "encoder": encoder,
        "step": _step(members, precision, state, fixed),
        "search": _search(members, precision, limits),
    }


Axes = Mapping[str, tuple[str, Sequence[str | int]]]


def _encoder(members: Sequence[Seq2seq], precision: Precision) -> tuple[Axes, Axes, onnx.ModelProto]:
    """Return the names, types and axes of the state and of what the steps read, and the graph."""
    g = Graph()
    networks = Networks.of(g, list(members), precision)
    sources = networks.sources(g, "source")
    first, fixed = networks.encoded(g, sources)
    g.named(first, "state")
    width = sum(networks.widths)
    described: dict[str, tuple[str, Sequence[str | int]]] = {}
    for n, (net, one) in enumerate(zip(members, fixed, strict=True)):
        H, M, P = net.spec.hidden_size, net.spec.memory_size, net.spec.conditioning_size
        axes: list[list[str | int]] = [
            ["B", "S", M], ["B", 1, "S", H] if net.spec.attention == "additive" else ["B", H, "S"], ["B", 1, "S"],
            ["B", 1, P], ["B", 1, 4 * H], ["B", "S", net.spec.target_vocab_size],
        ]  # fmt: skip
        for name, value, dims in zip(Fixed._fields, one, axes, strict=True):
            if value is not None:
                own = f"{name}.{n}" if len(members) > 1 else name
                g.named(value, own)
                described[own] = ("float", dims)
    state: Axes = {"state": ("float", ["B", 1, width])}
    model = g.model("encoder", {"source": ("int64", ["B", "source"])}, {**state, **described})
    return {"state": ("float", ["B", "K", width])}, described, model


def _step(members: Sequence[Seq2seq], precision: Precision, state: Axes, described: Axes) -> onnx.ModelProto:
    g = Graph()
    networks = Networks.of(g, list(members), precision)
    fixed = []
    for n in range(len(members)):
        suffix = f".{n}" if len(members) > 1 else ""
        fixed.append(Fixed(*(name + suffix if name + suffix in described else None for name in Fixed._fields)))
    log_probs, attended, following = networks.step(g, fixed, "ids", "step", "state")
    V = members[0].spec.target_vocab_size
    outputs: dict[str, tuple[str, Sequence[str | int]]] = {"log_probs": ("float", ["B", "K", V])}
    g.named(log_probs, "log_probs")
    g.named(following, "next_state")
    outputs["next_state"] = state["state"]
    if attended is not None:
        g.named(attended, "attention")
        outputs["attention"] = ("float", ["B", "K", "S"])
    inputs = {"ids": ("int64", ["B", "K"]), "step": ("int64", []), **state, **described}
    return g.model("step", inputs, outputs)


def _search(members: Sequence[Seq2seq], precision: Precision, limits: Limits) -> onnx.ModelProto:
    g = Graph()
    networks = Networks.of(g, list(members), precision)
    found = searched(g, networks, "source", "beam", limits)
    kinds = ["int64", "int64", "float", "float", "float"]
    axes: list[list[str | int]] = [["B", "K", "T"], ["B", "K"], ["B", "K"], ["B", "K", "T"], ["B", "K", "T", "S"]]
    outputs: dict[str, tuple[str, Sequence[str | int]]] = {}
    for name, value, kind, dims in zip(found._fields, found, kinds, axes, strict=True):
        if value is not None:
            g.named(value, name)
            outputs[name] = (kind, dims)
    return g.model("search", {"source": ("int64", ["B", "S"]), "beam": ("int64", [1])}, outputs)
