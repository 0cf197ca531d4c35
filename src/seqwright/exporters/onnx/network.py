"""All networks of a model as one: what is computed once for each source, and a step over log-probabilities."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqwright.data.vocabulary import NEVER_ANSWERED
from seqwright.exporters.onnx import decoder, encoder
from seqwright.exporters.onnx.graph import Graph, floats
from seqwright.exporters.onnx.precision import Precision
from seqwright.exporters.onnx.weights import Weights
from seqwright.models import Seq2seq

__all__ = ["Networks"]


class Networks(NamedTuple):
    """The networks of a model and their weights in a graph."""

    members: list[Seq2seq]
    weights: list[Weights]

    @classmethod
    def of(cls, g: Graph, members: list[Seq2seq], precision: Precision) -> Networks:
        """Return the networks with their weights in a graph."""
        return cls(members, [Weights(g, dict(net.params.named), precision) for net in members])

    @property
    def attend(self) -> bool:
        """Whether all networks have attention, so that there are attention weights of the whole."""
        return all(net.spec.attention != "none" for net in self.members)

    @property
    def widths(self) -> list[int]:
        """Widths of the parts of the state (B, K, …): h of each layer, then c of each layer, for each network."""
        return [net.spec.hidden_size for net in self.members for _ in range(2 * net.spec.decoder_layers)]

    def sources(self, g: Graph, ids: str) -> encoder.Sources:
        """Return the parts of the source ids (B, S)."""
        return encoder.Sources.of(g, ids, self.members[0].feature_mask)

    def encoded(self, g: Graph, sources: encoder.Sources) -> tuple[str, list[decoder.Fixed]]:
        """Return the first state (B, 1, …), and what the steps of each network read."""
        state: list[str] = []
        fixed = []
        for net, weights in zip(self.members, self.weights, strict=True):
            found = encoder.encoded(g, net.spec, weights.under("encoder."), sources)
            state += [*found.h, *found.c]
            copy_map = np.zeros(0, np.int32) if net.copy_map is None else net.copy_map
            fixed.append(decoder.fixed(g, net.spec, weights.under("decoder."), found, sources, copy_map))
        return g.unsqueezed(g.op("Concat", *state, axis=1), 1), fixed

    def step(self, g: Graph, fixed: list[decoder.Fixed], ids: str, n: str, state: str) -> tuple[str, str | None, str]:
        """Return log-probabilities (B, K, V), attention weights (B, K, S) or None, and the next state (B, K, …).

        ids (B, K): the last symbol of each hypothesis.   n (): number of symbols before it.
        """
        parts = g.ops(len(self.widths), "Split", state, g.ints(*self.widths), axis=2)
        log_probs, attended, ends = [], [], []
        for net, weights, what in zip(self.members, self.weights, fixed, strict=True):
            L = net.spec.decoder_layers
            (h, c), parts = (parts[:L], parts[L : 2 * L]), parts[2 * L :]
            found = decoder.step(g, net.spec, weights.under("decoder."), what, ids, n, h, c, NEVER_ANSWERED)
            log_probs.append(found[0])
            attended += [found[1]] if found[1] is not None else []
            ends += [*found[2], *found[3]]
        following = g.op("Concat", *ends, axis=2) if len(ends) > 1 else ends[0]
        mean = log_probs[0]
        if len(self.members) > 1:
            mean = g.op("Sub", decoder.mixed(g, log_probs), floats(np.log(len(log_probs))))
        return mean, g.op("Mean", *attended) if self.attend else None, following
