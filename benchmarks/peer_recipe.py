"""The networks that the recipe chooses, in PyTorch: any `ModelSpec` but peeky and reversed ones, on ragged batches.

`Peer` of peer.py is the same for unpadded batches without dropout; what was tried for speed is listed there. Ragged
batches are read by the encoder in one of two ways that compute the same function, and the faster one counts:

  packed   `pack_padded_sequence`, which PyTorch runs without oneDNN
  padded   `nn.LSTM` over the padded batch in oneDNN, with one more input: 1 at padding. Its weights, ±FREEZE, close the
           input gate and open the forget gate, so that c passes through padding and a backward direction enters the
           text from zeros; h is picked at the last symbol. No gradient reaches these weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.recipes import Drawn
from seqwright import Seq2seq
from seqwright.kernels.reference.attention import places_by_distance

__all__ = ["Network", "Tensors", "Training", "masks_of"]

FREEZE = 60.0  # σ(-60) is 1e-26
IGNORED = -100  # the default of cross_entropy

Masks = Mapping[str, torch.Tensor]


class Tensors(NamedTuple):
    """A batch, prepared ahead of the clock: source (S, B) without features, lengths (B,), read, wanted (T, B) int64.

    features (F, B) and is_feature (F, B, 1): or None.   copyable (B, S): target id of each symbol, 0 where `copies`
    (B, S) is 0.   places (T, S): indices of the bias by distance.
    """

    source: torch.Tensor
    lengths: torch.Tensor
    read: torch.Tensor
    wanted: torch.Tensor
    features: torch.Tensor | None
    is_feature: torch.Tensor | None
    copyable: torch.Tensor | None
    copies: torch.Tensor | None
    places: torch.Tensor | None

    @classmethod
    def of(cls, net: Seq2seq, batch: Drawn) -> Tensors:
        """Return a batch for the peer of a network."""
        split = net._split(batch.copied, batch.source_lengths)
        dtype = torch.from_numpy(net.params.flat).dtype
        source, T = split.rest(batch.source), len(batch.read)
        real = np.arange(T)[:, None] < batch.target_lengths
        features = is_feature = copyable = copies = places = None
        if split.n_features is not None:
            ids = split.features(batch.source)
            features = torch.from_numpy(ids).long()
            is_feature = torch.from_numpy(np.arange(len(ids))[:, None] < split.n_features)[:, :, None].to(dtype)
        if net.copy_map is not None:
            found = net.copy_map[split.rest(batch.copied)].T
            copyable, copies = torch.from_numpy(found.clip(0)).long(), torch.from_numpy(found >= 0).to(dtype)
        if net.spec.distance_bias:
            n = net.params.named["decoder.attention.distance"].size
            places = torch.from_numpy(places_by_distance(np.arange(T, dtype=np.int32), len(source), n)).long()
        return cls(
            torch.from_numpy(source).long(), torch.from_numpy(split.lengths).long(),
            torch.from_numpy(np.ascontiguousarray(batch.read)).long(),
            torch.from_numpy(np.where(real, batch.target[1:], IGNORED)).long(),
            features, is_feature, copyable, copies, places,
        )  # fmt: skip


def masks_of(net: Seq2seq) -> dict[str, torch.Tensor]:
    """Return the dropout masks of the network's last loss, each (1, B, width)."""
    if net.spec.dropout == 0:
        return {}
    sites = {"source": net.encoder.cache.of("dropout"), "target": net.decoder.cache.of("dropout")}
    sites |= {f"encoder.{n}": net.encoder.cache.of(f"dropout.{n}") for n in range(net.spec.encoder_layers)}
    sites |= {f"decoder.{n}": net.decoder.cache.of(f"dropout.{n}") for n in range(1, net.spec.decoder_layers)}
    sites["out"] = net.decoder.cache.of("dropout.out")
    if net.spec.sum_features:
        sites["features"] = net.encoder.cache.of("dropout.features")
    return {site: torch.from_numpy(cache["mask"].copy()) for site, cache in sites.items()}


class Network(nn.Module):
    """The network of `net` with its weights.   packed: how the encoder reads ragged batches."""

    def __init__(self, net: Seq2seq, *, packed: bool) -> None:
        super().__init__()
        self.spec, self.packed = net.spec, packed
        spec = net.spec
        assert not spec.peeky and not spec.reversed_source, "not an option of the peer"
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
            self.distance = nn.Parameter(torch.empty(net.params.named["decoder.attention.distance"].size))
        if spec.attention != "none":
            self.Wc = nn.Linear(M + H, H)
        self.affine = nn.Linear(H + P, spec.target_vocab_size)
        if spec.tied:
            self.affine.weight = self.target_embedding.weight
        if spec.copying:
            self.gate = nn.Linear(H + P, 1)
        self.to(torch.from_numpy(net.params.flat).dtype)
        self._take(net)

    def _take(self, net: Seq2seq) -> None:
        for name, parameter in self.named_parameters():
            if "bias_hh" in name:
                nn.init.zeros_(parameter).requires_grad_(False)
        for name, (parameter, transposed) in self._ours().items():
            array = torch.from_numpy(net.params.named[name])
            value = array.T if transposed else array
            parameter.data[..., : value.shape[-1]] = value  # all but the weights of the input at padding
        if not self.packed:
            H = self.spec.hidden_size
            for lstm in self.encoder:
                for name, parameter in lstm.named_parameters():
                    if "weight_ih" in name:
                        parameter.data[:, -1] = 0
                        parameter.data[:H, -1], parameter.data[H : 2 * H, -1] = -FREEZE, FREEZE

    def forward(self, batch: Tensors, masks: Masks | None = None) -> torch.Tensor:
        """Return the mean loss of a batch.   masks: from `masks_of`; None draws them."""
        memory, (h, c) = self._encode(batch, masks)
        x = self._dropped(self.target_embedding(batch.read), "target", masks)
        conditioning = None
        if batch.features is not None:
            total = (self.source_embedding(batch.features) * batch.is_feature).sum(0, keepdim=True)
            conditioning = self._dropped(total, "features", masks)  # (1, B, D)
            x = torch.cat([x, conditioning.expand(len(x), -1, -1)], 2)
        for n, lstm in enumerate(self.decoder):
            if n:
                x = self._dropped(x, f"decoder.{n}", masks)
            x, _ = lstm(x, (h[n : n + 1], c[n : n + 1]))
        x, weights = x.transpose(0, 1), None
        if self.spec.attention != "none":
            x, weights = self._attend(x, memory, batch)
        x = self._dropped(x, "out", masks, time=1)
        if conditioning is not None:
            x = torch.cat([x, conditioning.transpose(0, 1).expand(-1, x.shape[1], -1)], 2)
        logits, wanted = self.affine(x), batch.wanted.t()
        if self.spec.copying:
            return self._copy_loss(logits, weights, self.gate(x), batch)
        return cross_entropy(logits.flatten(0, 1), wanted.flatten(), label_smoothing=self.spec.label_smoothing)

    def _encode(self, batch: Tensors, masks: Masks | None) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Return the memory (S, B, M) and the decoder's initial states h, c (L, B, H)."""
        x, S = self._dropped(self.source_embedding(batch.source), "source", masks), len(batch.source)
        ragged = bool((batch.lengths < S).any())
        padding = (torch.arange(S)[:, None] >= batch.lengths)[:, :, None].to(x.dtype)
        found: dict[str, list[torch.Tensor]] = {"h": [], "c": []}
        for n, lstm in enumerate(self.encoder):
            if self.packed and ragged:
                rows, ends = lstm(pack_padded_sequence(x, batch.lengths, enforce_sorted=False))
                x, _ = pad_packed_sequence(rows, total_length=S)
            else:
                x, ends = lstm(x if self.packed else torch.cat([x, padding], 2))
                if ragged:
                    ends = (self._last_h(x, ends[0], batch.lengths), ends[1])
            for state, end in zip("hc", ends, strict=True):
                found[state].append(self._crossed(state, end))
            x = self._dropped(x, f"encoder.{n}", masks)
        top = slice(self.spec.encoder_layers - self.spec.decoder_layers, None)
        return x, (torch.stack(found["h"][top]), torch.stack(found["c"][top]))

    def _last_h(self, x: torch.Tensor, h: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Return h after the last symbol of each row: at padding o differs, so that only c has passed through."""
        last = x[lengths - 1, torch.arange(len(lengths)), : self.spec.hidden_size]
        return torch.stack([last, h[1]]) if self.spec.bidirectional else last[None]

    def _crossed(self, state: str, end: torch.Tensor) -> torch.Tensor:
        if state in self.bridges:
            return self.bridges[state](torch.cat(end.unbind(), 1))
        return end[0] if state in self.spec.bridge else torch.zeros_like(end[0])

    def _dropped(self, x: torch.Tensor, site: str, masks: Masks | None, *, time: int = 0) -> torch.Tensor:
        if self.spec.dropout == 0:
            return x
        if masks is not None:
            return x * masks[site].transpose(0, time)
        keep = 1 - self.spec.dropout
        shape = [1 if axis == time else size for axis, size in enumerate(x.shape)]
        return x * torch.empty(shape, dtype=x.dtype).bernoulli_(keep).div_(keep)

    def _attend(self, h: torch.Tensor, memory: torch.Tensor, batch: Tensors) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the attentional output (B, T, H) and the weights (B, T, S) for h (B, T, H)."""
        values = memory.transpose(0, 1)
        if self.spec.attention == "additive":
            sums = self.Wq(h)[:, :, None] + self.Wk(memory).transpose(0, 1)[:, None]  # (B, T, S, H)
            scores = self.v(torch.tanh(sums))[..., 0]
        else:
            keys = memory @ self.Wa.weight if self.spec.attention == "bilinear" else memory
            scores = torch.bmm(h, keys.permute(1, 2, 0))
        if batch.places is not None:
            scores = scores + self.distance[batch.places]
        beyond = torch.arange(len(memory)) >= batch.lengths[:, None]
        weights = scores.masked_fill(beyond[:, None], -torch.inf).softmax(2)
        return torch.tanh(self.Wc(torch.cat([torch.bmm(weights, values), h], 2))), weights

    def _copy_loss(self, logits: torch.Tensor, weights: Any, gate: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Return the loss of the mixture of generating and copying; see `kernels.reference.copying`."""
        assert batch.copyable is not None and batch.copies is not None, "the network copies"
        copied = weights * batch.copies[:, None]  # (B, T, S)
        gamma = torch.sigmoid(gate)
        generated = (1 - gamma) + gamma * (1 - copied.sum(2, keepdim=True))
        index = batch.copyable[:, None].expand_as(copied)
        probs = (generated * logits.softmax(2)).scatter_add(2, index, gamma * copied)
        log_probs = probs.clamp_min(torch.finfo(probs.dtype).tiny).log().flatten(0, 1)
        wanted = batch.wanted.t().flatten()
        real, smoothing = wanted >= 0, self.spec.label_smoothing
        at_target = log_probs.gather(1, wanted.clamp_min(0)[:, None])[:, 0]
        each = (1 - smoothing) * at_target + smoothing * log_probs.mean(1)
        return -(each * real).sum() / real.sum()

    def gradients(self) -> dict[str, np.ndarray]:
        """Return the gradients under our names, in our layout."""
        found = {}
        for name, (p, transposed) in self._ours().items():
            assert p.grad is not None, f"{name} has no gradient"
            grad = p.grad[..., : p.grad.shape[-1] - (".Wx" in name and "encoder" in name and not self.packed)]
            found[name] = (grad.T if transposed else grad).numpy()
        return found

    def _ours(self) -> dict[str, tuple[torch.Tensor, bool]]:
        """Return the trained parameters by our names, and whether ours is the transpose; gates are i f g o in both."""
        found: dict[str, tuple[torch.Tensor, bool]] = {"encoder.embedding.W": (self.source_embedding.weight, False)}
        for n, layer in enumerate(self.encoder):
            for direction, suffix in [("forward", ""), ("backward", "_reverse")][: 1 + self.spec.bidirectional]:
                found |= _lstm(f"encoder.lstm.{n}.{direction}", layer, suffix)
        for state, bridge in self.bridges.items():
            found |= {
                f"encoder.bridge.{state}.W": (bridge.weight, True),
                f"encoder.bridge.{state}.b": (bridge.bias, False),
            }
        found["decoder.embedding.W"] = (self.target_embedding.weight, False)
        for n, layer in enumerate(self.decoder):
            found |= _lstm(f"decoder.lstm.{n}", layer, "")
        prefix = "decoder.attention."
        if self.spec.attention != "none":
            found |= {f"{prefix}Wc": (self.Wc.weight, True), f"{prefix}bc": (self.Wc.bias, False)}
        names = {"bilinear": ("Wa",), "additive": ("Wq", "Wk", "v")}.get(self.spec.attention, ())
        found |= {f"{prefix}{name}": (getattr(self, name).weight, True) for name in names}
        if self.spec.distance_bias:
            found[f"{prefix}distance"] = (self.distance, False)
        if not self.spec.tied:
            found["decoder.affine.W"] = (self.affine.weight, True)
        found["decoder.affine.b"] = (self.affine.bias, False)
        if self.spec.copying:
            found |= {"decoder.copying.W": (self.gate.weight, True), "decoder.copying.b": (self.gate.bias, False)}
        return found


def _lstm(prefix: str, lstm: nn.Module, suffix: str) -> dict[str, tuple[torch.Tensor, bool]]:
    return {
        f"{prefix}.Wx": (getattr(lstm, f"weight_ih_l0{suffix}"), True),
        f"{prefix}.Wh": (getattr(lstm, f"weight_hh_l0{suffix}"), True),
        f"{prefix}.b": (getattr(lstm, f"bias_ih_l0{suffix}"), False),
    }


class Training:
    """Steps of Adam with the recipe's settings, after clipping by the norm of all gradients."""

    def __init__(self, network: Network, *, learning_rate: float, clip_norm: float) -> None:
        self.network, self.clip_norm = network, clip_norm
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=learning_rate, fused=True)

    def step(self, batch: Tensors) -> None:
        """Take a step."""
        self.optimizer.zero_grad(set_to_none=True)
        self.network(batch).backward()
        nn.utils.clip_grad_norm_(self.parameters, self.clip_norm, foreach=False)
        self.optimizer.step()
