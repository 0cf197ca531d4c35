"""Greedy generation in PyTorch, written to be fast on a processor: two loops, of which the better is the peer. And beam
search on the better one.

Everything that depends on the weights alone is done once: the embeddings are multiplied with the LSTM's input weights
(a step then adds a row of a table), and the weights are transposed. Everything that depends on the source alone is done
once a call: the encoder, and the keys of attention.

Milliseconds for H 256, bi + attention, 8 symbols in, 10 out (PyTorch 2.13, 1 thread, AMD EPYC of family 26, least of
30 and 12 interleaved calls), for 1 and for 256 words at a time, the encoder with oneDNN's nn.LSTM unless noted:

  nn.LSTM, one step a call            3.42    65.6
  torch.lstm_cell (that of LSTMCell)  1.85    81.4
  tables, addmm, five pointwise calls 1.42    66.8
  the same under torch.compile        2.04   132.7    (lean in the same run: 1.87, 156)
  the same, nn.LSTM without oneDNN    1.54   180.8    (lean in the same run: 1.76, 128)
  the same, encoder by tables too     1.30   160.0    (as above)
"""

from __future__ import annotations

import torch

from benchmarks.peer import encode
from seqwright.engines.pytorch.network import Network

__all__ = ["Cells", "Tables"]


class Cells:
    """The plain loop: `torch.lstm_cell`, which nn.LSTMCell calls, a step."""

    def __init__(self, peer: Network) -> None:
        self._peer = peer

    @torch.inference_mode()
    def __call__(self, source: torch.Tensor, start_id: int, steps: int) -> torch.Tensor:
        """Return ids (steps, B) for source (S, B)."""
        peer, lstm = self._peer, self._peer.decoder[0]
        memory, (h, c) = encode(peer, source)
        h, c, memory = h[0], c[0], memory.transpose(0, 1)
        keys = (memory @ peer.Wa.weight).transpose(1, 2)  # (B, H, S)
        ids, found = torch.full((len(h),), start_id), []
        for _ in range(steps):
            x = peer.target_embedding(ids)
            h, c = torch.lstm_cell(
                x, (h, c), lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0
            )  # fmt: skip
            context = torch.bmm(torch.bmm(h[:, None], keys).softmax(2), memory)[:, 0]
            ids = peer.affine(torch.tanh(peer.Wc(torch.cat([context, h], 1)))).argmax(1)
            found.append(ids)
        return torch.stack(found)


class Tables:
    """The loop with tables in the place of embeddings and input products.

    encoder_by_steps: the encoder too, rather than as one nn.LSTM; faster for a single word only.
    """

    @torch.inference_mode()
    def __init__(self, peer: Network, *, encoder_by_steps: bool) -> None:
        assert peer.spec.bidirectional and peer.spec.attention == "bilinear", "written for the network that is measured"
        self._peer = peer
        self._directions = []
        if encoder_by_steps:
            source = peer.source_embedding.weight
            self._directions = [_table(source, peer.encoder[0], suffix) for suffix in ("", "_reverse")]
        self._decoder = _table(peer.target_embedding.weight, peer.decoder[0], "")
        self._Wc, self._bc = peer.Wc.weight.t(), peer.Wc.bias.detach()
        self._W, self._b = peer.affine.weight.t(), peer.affine.bias.detach()

    @torch.inference_mode()
    def __call__(self, source: torch.Tensor, start_id: int, steps: int) -> torch.Tensor:
        """Return ids (steps, B) for source (S, B)."""
        memory, h, c = self._encode_by_steps(source) if self._directions else self._encode(source)
        keys = (memory @ self._peer.Wa.weight).transpose(1, 2)  # (B, H, S)
        table, Wh = self._decoder
        ids, found = torch.full((len(h),), start_id), []
        for _ in range(steps):
            h, c = _step(table[ids], h, c, Wh)
            context = torch.bmm(torch.bmm(h[:, None], keys).softmax(2), memory)[:, 0]
            attended = torch.addmm(self._bc, torch.cat([context, h], 1), self._Wc).tanh_()
            ids = torch.addmm(self._b, attended, self._W).argmax(1)
            found.append(ids)
        return torch.stack(found)

    @torch.inference_mode()
    def beam(self, source: torch.Tensor, start_id: int, end_id: int, steps: int, width: int) -> torch.Tensor:
        """Return the ids (B, width, steps) of the best targets for source (S, B), best first; all end at the last step.

        No hypothesis ends before the others, so none has to be put aside: the least work that a beam can be.
        """
        memory, h, c = self._encode_by_steps(source) if self._directions else self._encode(source)
        keys = (memory @ self._peer.Wa.weight).transpose(1, 2)  # (B, H, S), shared by the hypotheses
        table, Wh = self._decoder
        B, V = len(h), len(self._b)
        ids, total = torch.full((B, 1), start_id), torch.zeros(B, 1)
        first = torch.arange(B)[:, None]
        said, parents = [], []
        for _ in range(steps - 1):
            K = ids.shape[1]
            h, c, log_p = self._step_of_beam(table[ids.view(-1)], h, c, Wh, keys, memory, K)
            log_p[:, :, end_id] = -torch.inf
            total, best = (log_p + total[:, :, None]).view(B, K * V).topk(width)
            parent, ids = torch.div(best, V, rounding_mode="floor"), best % V
            said.append(ids)
            parents.append(parent)
            rows = (parent + first * K).view(-1)
            h, c = h[rows], c[rows]
        _, _, log_p = self._step_of_beam(table[ids.view(-1)], h, c, Wh, keys, memory, ids.shape[1])
        place = (total + log_p[:, :, end_id]).argsort(dim=1, descending=True)
        found = [torch.full_like(place, end_id)]
        for symbols, parent in zip(reversed(said), reversed(parents), strict=True):
            found.append(symbols.gather(1, place))
            place = parent.gather(1, place)
        return torch.stack(found[::-1], 2)

    def _step_of_beam(
        self,
        x: torch.Tensor,
        h: torch.Tensor,
        c: torch.Tensor,
        Wh: torch.Tensor,
        keys: torch.Tensor,
        memory: torch.Tensor,
        K: int,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the next states (B K, H) and log-probabilities (B, K, V)."""
        h, c = _step(x, h, c, Wh)
        queries = h.view(len(keys), K, -1)
        context = torch.bmm(torch.bmm(queries, keys).softmax(2), memory)
        both = torch.cat([context, queries], 2).view(len(h), -1)
        attended = torch.addmm(self._bc, both, self._Wc).tanh_()
        return h, c, torch.addmm(self._b, attended, self._W).log_softmax(1).view(len(keys), K, -1)

    def _encode(self, source: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        memory, (h, c) = encode(self._peer, source)
        return memory.transpose(0, 1).contiguous(), h[0], c[0]

    def _encode_by_steps(self, source: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        outputs, finals = [], []
        for (table, Wh), order in zip(self._directions, (1, -1), strict=True):
            h = c = table.new_zeros(source.shape[1], Wh.shape[0])
            states = []
            for a in table[source].unbind()[::order]:
                h, c = _step(a, h, c, Wh)
                states.append(h)
            outputs.append(torch.stack(states[::order], 1))
            finals.append((h, c))
        h, c = (torch.cat(both, 1) for both in zip(*finals, strict=True))
        return torch.cat(outputs, 2), self._peer.bridges["h"](h), self._peer.bridges["c"](c)


def _table(embedding: torch.Tensor, lstm: torch.nn.LSTM, suffix: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (embedding · Wx + b (V, 4H), Wh (H, 4H))."""
    Wx, Wh, b = (getattr(lstm, f"{name}_l0{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih"))
    return torch.addmm(b, embedding, Wx.t()), Wh.t()


def _step(x: torch.Tensor, h: torch.Tensor, c: torch.Tensor, Wh: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the next state (B, H) each; x (B, 4H) is the input's share of the gates."""
    i, f, g, o = torch.addmm(x, h, Wh).chunk(4, 1)
    c = torch.addcmul(f.sigmoid() * c, i.sigmoid(), g.tanh())
    return o.sigmoid() * c.tanh(), c
