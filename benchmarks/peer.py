"""The same network in PyTorch, written to be fast on a processor: the fastest of what was tried.

Relative times of a training step of bi+attention-256 (PyTorch 2.13, 1 thread, AMD EPYC of family 26 with neighbours;
medians of the ratios in interleaved steps; least times were near 82 ms). They scatter by 0.03 from run to run.

  one nn.LSTM a side (oneDNN), time first, (h Wa) · memory, Adam fused, clip_grad_norm_(foreach=True)     1
  h · (memory Waᵀ)                                              0.97, 0.96      taken
  clip_grad_norm_(foreach=False)                                0.97, 0.98      taken; 0.95 for the plain shape
  context Wc₁ + h Wc₂, without joining the two                  1.01, 0.99
  nn.LSTM(batch_first=True)                                     0.97; against the first two: 0.94, 1.07, 1.03
  attention's result brought back to time first                 0.99
  F.scaled_dot_product_attention                                0.98
  Adam(foreach=True)                                            1.01, 1.06
  torch.set_flush_denormal(True)                                0.99
  torch.compile, nn.LSTM left as it is; traced (allow_rnn)      1.05; 1.02
  nn.LSTM without oneDNN                                        1.67
  the steps written out; the same under torch.compile           1.76; 1.63
  a malloc that neither maps nor trims                          no difference
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks.shapes import Batch
from seqwright import Seq2seq

__all__ = ["Ids", "Peer", "Training"]


class Ids(NamedTuple):
    """source (S, B), target (T + 1, B) int64, the type that PyTorch's cross-entropy wants."""

    source: torch.Tensor
    target: torch.Tensor

    @classmethod
    def of(cls, batch: Batch) -> Ids:
        """Return the ids of a batch, all rows of which are full."""
        return cls(torch.from_numpy(batch.source).long(), torch.from_numpy(batch.target).long())


class Peer(nn.Module):
    """A one-layer `Seq2seq` with the weights of `net`, in modules and functions of PyTorch.

    Its LSTMs have two biases where ours have one; the second stays 0 and is not trained, as both parties are to take
    the same steps.
    """

    def __init__(self, net: Seq2seq) -> None:
        super().__init__()
        spec = net.spec
        assert spec.encoder_layers == spec.decoder_layers == 1, "not an option of the peer"
        assert not spec.peeky and not spec.reversed_source, "not an option of the peer"
        assert spec.label_smoothing == 0 and spec.dropout == 0, "not an option of the peer"
        V, D, H, M = spec.source_vocab_size, spec.embedding_size, spec.hidden_size, spec.memory_size
        dtype = torch.from_numpy(net.params.flat).dtype
        self.bridge, self.attention, self.bidirectional = spec.bridge, spec.attention, spec.bidirectional
        self.source_embedding = nn.Embedding(V, D, dtype=dtype)
        self.encoder = nn.LSTM(D, H, bidirectional=self.bidirectional, dtype=dtype)
        if self.bidirectional:
            self.bridges = nn.ModuleDict({state: nn.Linear(2 * H, H, dtype=dtype) for state in self.bridge})
        self.target_embedding = nn.Embedding(spec.target_vocab_size, D, dtype=dtype)
        self.decoder = nn.LSTM(D, H, dtype=dtype)
        if self.attention == "bilinear":
            self.Wa = nn.Linear(H, M, bias=False, dtype=dtype)
        if self.attention == "additive":
            self.Wq, self.Wk, self.v = (nn.Linear(n, m, bias=False, dtype=dtype) for n, m in ((H, H), (M, H), (H, 1)))
        if self.attention != "none":
            self.Wc = nn.Linear(M + H, H, dtype=dtype)
        self.affine = nn.Linear(H, spec.target_vocab_size, dtype=dtype)
        for name, parameter in self.named_parameters():
            if "bias_hh" in name:
                nn.init.zeros_(parameter).requires_grad_(False)
        for name, (parameter, transposed) in self._ours().items():
            array = net.params.named[name]
            parameter.data.copy_(torch.from_numpy(array.T if transposed else array))

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the mean cross-entropy of target[1:] (T, B) given source (S, B) and target[:-1]."""
        memory, state = self.encode(source)
        h, _ = self.decoder(self.target_embedding(target[:-1]), state)  # (T, B, H)
        return cross_entropy(self.scores(h, memory).flatten(0, 1), self._like_scores(target[1:]).flatten())

    def encode(self, source: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Return the memory (S, B, M) and the decoder's initial state, each (1, B, H)."""
        memory, finals = self.encoder(self.source_embedding(source))
        crossing = dict(zip("hc", finals, strict=True))
        if self.bidirectional:
            crossing = {
                state: bridge(torch.cat(crossing[state].unbind(), 1))[None] for state, bridge in self.bridges.items()
            }
        h = crossing["h"]
        return memory, (h, crossing["c"] if "c" in self.bridge else torch.zeros_like(h))

    def scores(self, h: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        """Return the scores of all steps at once, from the decoder's outputs h (T, B, H): (T, B, V), or with attention
        (B, T, V), in the order in which its batched products give them.
        """
        if self.attention == "none":
            return self.affine(h)
        h = h.transpose(0, 1)
        weights = self._looks(h, memory).softmax(2)  # (B, T, S)
        context = torch.bmm(weights, memory.transpose(0, 1))  # (B, T, M)
        return self.affine(torch.tanh(self.Wc(torch.cat([context, h], 2))))

    def _looks(self, h: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        """Return the score of every source step for every target step, (B, T, S), from h (B, T, H)."""
        if self.attention == "additive":
            sums = self.Wq(h)[:, :, None] + self.Wk(memory).transpose(0, 1)[:, None]  # (B, T, S, H)
            return self.v(torch.tanh(sums))[..., 0]
        # q · memory = h · (memory Waᵀ), and there are no more source steps than target steps.
        keys = memory @ self.Wa.weight if self.attention == "bilinear" else memory  # (S, B, H)
        return torch.bmm(h, keys.permute(1, 2, 0))

    def _like_scores(self, ids: torch.Tensor) -> torch.Tensor:
        return ids if self.attention == "none" else ids.t()

    def gradients(self) -> dict[str, np.ndarray]:
        """Return the gradients under our names, in our layout."""
        return {name: (p.grad.T if transposed else p.grad).numpy() for name, (p, transposed) in self._ours().items()}

    def parameters_as_ours(self) -> dict[str, np.ndarray]:
        """Return the parameters under our names, in our layout."""
        return {name: (p.data.T if transposed else p.data).numpy() for name, (p, transposed) in self._ours().items()}

    def _ours(self) -> dict[str, tuple[nn.Parameter, bool]]:
        """Return the trained parameters by our names, and whether ours is the transpose; gates are i f g o in both."""
        found = {"encoder.embedding.W": (self.source_embedding.weight, False)}
        for direction, suffix in [("forward", ""), ("backward", "_reverse")][: 1 + self.bidirectional]:
            found |= _lstm(f"encoder.lstm.0.{direction}", self.encoder, suffix)
        if self.bidirectional:
            for state, bridge in self.bridges.items():
                found |= _linear(f"encoder.bridge.{state}.", bridge, "W", "b")
        found["decoder.embedding.W"] = (self.target_embedding.weight, False)
        found |= _lstm("decoder.lstm.0", self.decoder, "")
        if self.attention == "bilinear":
            found |= _linear("decoder.attention.", self.Wa, "Wa", None)
        if self.attention == "additive":
            for name, part in (("Wq", self.Wq), ("Wk", self.Wk), ("v", self.v)):
                found |= _linear("decoder.attention.", part, name, None)
        if self.attention != "none":
            found |= _linear("decoder.attention.", self.Wc, "Wc", "bc")
        return found | _linear("decoder.affine.", self.affine, "W", "b")


class Training:
    """Steps of Adam on a peer, after clipping by the norm of all gradients."""

    def __init__(self, peer: Peer, *, rate: float = 1e-3, clip_norm: float = 5.0) -> None:
        self.peer, self.clip_norm = peer, clip_norm
        self.parameters = [parameter for parameter in peer.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=rate, fused=True)

    def step(self, ids: Ids) -> torch.Tensor:
        """Take a step, return the loss before it."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.peer(*ids)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.clip_norm, foreach=False)
        self.optimizer.step()
        return loss


def _lstm(prefix: str, lstm: nn.LSTM, suffix: str) -> dict[str, tuple[nn.Parameter, bool]]:
    return {
        f"{prefix}.Wx": (getattr(lstm, f"weight_ih_l0{suffix}"), True),
        f"{prefix}.Wh": (getattr(lstm, f"weight_hh_l0{suffix}"), True),
        f"{prefix}.b": (getattr(lstm, f"bias_ih_l0{suffix}"), False),
    }


def _linear(prefix: str, linear: nn.Linear, weight: str, bias: str | None) -> dict[str, tuple[nn.Parameter, bool]]:
    found = {f"{prefix}{weight}": (linear.weight, True)}
    return found if bias is None else found | {f"{prefix}{bias}": (linear.bias, False)}
