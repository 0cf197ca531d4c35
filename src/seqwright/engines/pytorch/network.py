"""The network of a `ModelSpec` in PyTorch: the function of `models.Seq2seq`, written to be fast.

What was tried for the speed of a training step (PyTorch 2.13, 1 thread, AMD EPYC of family 26 with neighbours), as
times relative to the first line:

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

The encoder reads ragged batches in one of two ways that compute the same function:

  packed   `pack_padded_sequence`, which cuDNN supports, and which PyTorch runs without oneDNN on a processor
  padded   `nn.LSTM` over the padded batch, with one more input: 1 at padding. Its weights, ±FREEZE, close the input
           gate and open the forget gate, so that c passes through padding and a backward direction enters the text
           from zeros; h is picked at the last symbol. No gradient reaches these weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqwright.engines.pytorch.loss import copy_cross_entropy
from seqwright.engines.pytorch.names import ours
from seqwright.engines.pytorch.tensors import Tensors
from seqwright.models import ModelSpec, Seq2seq
from seqwright.nn.attention import FARTHEST
from seqwright.types import Array

__all__ = ["Network"]

FREEZE = 60.0  # σ(-60) is 1e-26

States = tuple[torch.Tensor, torch.Tensor]


class Network(nn.Module):
    """A `ModelSpec` in modules and functions of PyTorch.

    Its LSTMs have two biases where ours have one; the second stays 0 and is not trained.
    packed: how the encoder reads ragged batches.
    """

    spec: ModelSpec
    packed: bool
    source_embedding: nn.Embedding
    encoder: nn.ModuleList
    bridges: nn.ModuleDict
    target_embedding: nn.Embedding
    decoder: nn.ModuleList
    Wa: nn.Linear
    Wq: nn.Linear
    Wk: nn.Linear
    v: nn.Linear
    distance: nn.Parameter
    Wc: nn.Linear
    affine: nn.Linear
    gate: nn.Linear

    def __init__(self, spec: ModelSpec, *, packed: bool) -> None:
        super().__init__()
        self.spec, self.packed = spec, packed
        D, H, M, P = spec.embedding_size, spec.hidden_size, spec.memory_size, spec.conditioning_size
        self.source_embedding = nn.Embedding(spec.source_vocab_size, D)
        more = 0 if packed else 1
        self.encoder = nn.ModuleList(
            nn.LSTM((M if layer else D) + more, H, bidirectional=spec.bidirectional)
            for layer in range(spec.encoder_layers)
        )
        states = spec.bridge if spec.bidirectional else ""
        self.bridges = nn.ModuleDict({state: nn.Linear(2 * H, H) for state in states})
        self.target_embedding = nn.Embedding(spec.target_vocab_size, D)
        self.decoder = nn.ModuleList(nn.LSTM(H if n else D + P, H) for n in range(spec.decoder_layers))
        if spec.attention == "bilinear":
            self.Wa = nn.Linear(H, M, bias=False)
        if spec.attention == "additive":
            self.Wq, self.Wk, self.v = (nn.Linear(n, m, bias=False) for n, m in ((H, H), (M, H), (H, 1)))
        if spec.distance_bias:
            self.distance = nn.Parameter(torch.zeros(2 * FARTHEST + 1))
        if spec.attention != "none":
            self.Wc = nn.Linear(M + H, H)
        self.affine = nn.Linear(H + P, spec.target_vocab_size)
        if spec.tied:
            self.affine.weight = self.target_embedding.weight
        if spec.copying:
            self.gate = nn.Linear(H + P, 1)
        for name, parameter in self.named_parameters():
            if "bias_hh" in name:
                nn.init.zeros_(parameter).requires_grad_(False)
        self.freeze_()

    @classmethod
    def of(cls, network: Seq2seq, *, packed: bool = False) -> Network:
        """Return the network of one of ours, with its weights and dtype."""
        found = cls(network.spec, packed=packed)
        found.to(torch.from_numpy(np.empty(0, network.params.dtype)).dtype)
        found.load_(network.params.flat)
        return found

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def freeze_(self) -> None:
        """Set the weights of the input at padding."""
        if self.packed:
            return
        H = self.spec.hidden_size
        for lstm in self.encoder:
            for name, parameter in lstm.named_parameters():
                if "weight_ih" in name:
                    parameter[:, -1] = 0
                    parameter[:H, -1], parameter[H : 2 * H, -1] = -FREEZE, FREEZE

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def load_(self, flat: Array, of: Callable[[nn.Parameter], torch.Tensor] = lambda parameter: parameter) -> None:
        """Copy a flat vector, in the order of `Seq2seq.params`, to the tensors `of` the parameters, by default them."""
        names, start = ours(self), 0
        for name, declared in Seq2seq.declared(self.spec).items():
            array = torch.tensor(flat[start : start + int(np.prod(declared.shape))].reshape(declared.shape))
            start += array.numel()
            value = array.T if names[name].transposed else array
            of(names[name].parameter)[..., : value.shape[-1]] = value

    def flat(self, of: Callable[[nn.Parameter], torch.Tensor] = lambda parameter: parameter) -> Array:
        """Return the tensors `of` the parameters, such as their gradients, as a flat vector; by default them."""
        names, found = ours(self), []
        for name, declared in Seq2seq.declared(self.spec).items():
            width = declared.shape[0 if names[name].transposed else -1]
            value = of(names[name].parameter).detach()[..., :width]
            found.append((value.T if names[name].transposed else value).cpu().numpy().ravel())
        return np.concatenate(found)

    def forward(self, batch: Tensors) -> torch.Tensor:
        """Return the sum of the cross-entropy over all real target symbols of a batch."""
        logits, weights, gate = self.outputs(batch)
        wanted, smoothing = batch.wanted.t(), self.spec.label_smoothing
        if gate is not None:
            return copy_cross_entropy(logits, weights, gate, batch.copyable, batch.copies, wanted, smoothing)
        return cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="sum", label_smoothing=smoothing)

    def outputs(self, batch: Tensors) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """Return logits (B, T, V), attention weights (B, T, S) or None, and log-odds of copying (B, T, 1) or None."""
        memory, (h, c) = self.encode(batch)
        x = self._dropped(self.target_embedding(batch.read), "target", batch)
        conditioning = self._conditioning(h, batch)  # (1, B, P)
        if conditioning is not None:
            x = torch.cat([x, conditioning.expand(len(x), -1, -1)], 2)
        for n, lstm in enumerate(self.decoder):
            if n:
                x = self._dropped(x, f"decoder.{n}", batch)
            x, _ = lstm(x, (h[n : n + 1], c[n : n + 1]))
        x, weights = x.transpose(0, 1), None  # batch first, as attention's products give their results
        if self.spec.attention != "none":
            x, weights = self.attend(x, memory, batch)
        x = self._dropped(x, "out", batch, time=1)
        if conditioning is not None:
            x = torch.cat([x, conditioning.transpose(0, 1).expand(-1, x.shape[1], -1)], 2)
        return self.affine(x), weights, self.gate(x) if self.spec.copying else None

    def encode(self, batch: Tensors) -> tuple[torch.Tensor, States]:
        """Return the memory (S, B, M) and the decoder's initial states h, c (L, B, H)."""
        source = batch.source if batch.reversed is None else batch.source.gather(0, batch.reversed)
        x, S = self._dropped(self.source_embedding(source), "source", batch), len(source)
        found: tuple[list[torch.Tensor], list[torch.Tensor]] = [], []
        for n, lstm in enumerate(self.encoder):
            if self.packed and batch.padding is not None:
                rows, ends = lstm(pack_padded_sequence(x, batch.lengths, enforce_sorted=False))
                x, _ = pad_packed_sequence(rows, total_length=S)
            else:
                x, ends = lstm(x if self.packed else self._with_padding(x, batch.padding))
                if batch.padding is not None:
                    ends = (self._last_h(x, ends[0], batch.last), ends[1])
            for states, state, end in zip(found, "hc", ends, strict=True):
                states.append(self._crossed(state, end))
            x = self._dropped(x, f"encoder.{n}", batch)
        if batch.reversed is not None:
            x = x.gather(0, batch.reversed[:, :, None].expand_as(x))
        top = slice(self.spec.encoder_layers - self.spec.decoder_layers, None)
        return x, (torch.stack(found[0][top]), torch.stack(found[1][top]))

    def attend(self, h: torch.Tensor, memory: torch.Tensor, batch: Tensors) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the attentional output (B, T, H) and the weights (B, T, S) for h (B, T, H)."""
        if self.spec.attention == "additive":
            sums = self.Wq(h)[:, :, None] + self.Wk(memory).transpose(0, 1)[:, None]  # (B, T, S, H)
            scores = self.v(torch.tanh(sums))[..., 0]
        else:  # q · memory = h · (memory Waᵀ), and there are about as many source steps as target steps
            keys = memory @ self.Wa.weight if self.spec.attention == "bilinear" else memory
            scores = torch.bmm(h, keys.permute(1, 2, 0))
        if batch.places is not None:
            scores = scores + self.distance[batch.places]
        if batch.padding is not None:
            scores = scores.masked_fill(batch.padding.t()[:, None], -torch.inf)
        weights = scores.softmax(2)
        context = torch.bmm(weights.to(memory.dtype), memory.transpose(0, 1))
        return torch.tanh(self.Wc(torch.cat([context, h], 2))), weights

    def _conditioning(self, h: torch.Tensor, batch: Tensors) -> torch.Tensor | None:
        """Return the conditioning vector (1, B, P); None for none."""
        parts = [h[-1:]] if self.spec.peeky else []
        if batch.features is not None and batch.is_feature is not None:
            total = (self.source_embedding(batch.features) * batch.is_feature).sum(0, keepdim=True)
            parts.append(self._dropped(total, "features", batch))
        return torch.cat(parts, 2) if parts else None

    def _with_padding(self, x: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:
        """Return x (S, B, D) with one more input, 1 at padding."""
        if padding is None:
            return torch.cat([x, x.new_zeros(*x.shape[:2], 1)], 2)
        return torch.cat([x, padding[:, :, None].to(x.dtype)], 2)

    def _last_h(self, x: torch.Tensor, h: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        """Return h after the last symbol of each row: at padding o differs, so that only c has passed through."""
        found = x[last, torch.arange(len(last), device=last.device), : self.spec.hidden_size]
        return torch.stack([found, h[1]]) if self.spec.bidirectional else found[None]

    def _crossed(self, state: str, end: torch.Tensor) -> torch.Tensor:
        """Return the decoder's initial state (B, H) from the final one of each direction (2, B, H) or (1, B, H)."""
        if state in self.bridges:
            crossed: torch.Tensor = self.bridges[state](torch.cat(end.unbind(), 1))
            return crossed
        return end[0] if state in self.spec.bridge else torch.zeros_like(end[0])

    def _dropped(self, x: torch.Tensor, site: str, batch: Tensors, *, time: int = 0) -> torch.Tensor:
        return x * batch.masks[site].transpose(0, time) if site in batch.masks else x
