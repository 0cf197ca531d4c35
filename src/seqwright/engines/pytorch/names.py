"""The parameters of a network in PyTorch by our names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch import nn

if TYPE_CHECKING:
    from seqwright.engines.pytorch.network import Network

__all__ = ["Named", "ours"]


class Named(NamedTuple):
    """A parameter, and whether ours is its transpose. The gates are i f g o in both."""

    parameter: nn.Parameter
    transposed: bool


def ours(network: Network) -> dict[str, Named]:
    """Return the trained parameters by our names; the input weights of an encoder may have one more input than ours."""
    spec = network.spec
    found = {"encoder.embedding.W": Named(network.source_embedding.weight, False)}
    suffixes = {"forward": "", "backward": "_reverse"}
    if not spec.bidirectional:
        suffixes = {"backward": ""} if spec.reversed_source else {"forward": ""}
    for n, layer in enumerate(network.encoder):
        for direction, suffix in suffixes.items():
            found |= _lstm(f"encoder.lstm.{n}.{direction}", layer, suffix)
    for state, bridge in network.bridges.items():
        found |= _linear(f"encoder.bridge.{state}.W", bridge, f"encoder.bridge.{state}.b")
    found["decoder.embedding.W"] = Named(network.target_embedding.weight, False)
    for n, layer in enumerate(network.decoder):
        found |= _lstm(f"decoder.lstm.{n}", layer, "")
    for name in {"bilinear": ("Wa",), "additive": ("Wq", "Wk", "v")}.get(spec.attention, ()):
        found |= _linear(f"decoder.attention.{name}", getattr(network, name))
    if spec.attention != "none":
        found |= _linear("decoder.attention.Wc", network.Wc, "decoder.attention.bc")
    if spec.distance_bias:
        found["decoder.attention.distance"] = Named(network.distance, False)
    if not spec.tied:
        found["decoder.affine.W"] = Named(network.affine.weight, True)
    found["decoder.affine.b"] = Named(network.affine.bias, False)
    if spec.copying:
        found |= _linear("decoder.copying.W", network.gate, "decoder.copying.b")
    return found


def _lstm(prefix: str, lstm: nn.LSTM, suffix: str) -> dict[str, Named]:
    return {
        f"{prefix}.Wx": Named(getattr(lstm, f"weight_ih_l0{suffix}"), True),
        f"{prefix}.Wh": Named(getattr(lstm, f"weight_hh_l0{suffix}"), True),
        f"{prefix}.b": Named(getattr(lstm, f"bias_ih_l0{suffix}"), False),
    }


def _linear(weight: str, linear: nn.Linear, bias: str | None = None) -> dict[str, Named]:
    found = {weight: Named(linear.weight, True)}
    return found if bias is None else found | {bias: Named(linear.bias, False)}
