"""The same network as two graphs in ONNX Runtime, exported from the PyTorch peer, and the loop that drives them.

The graph of the encoder gives all that is made once a source: the decoder's first state, the memory, and the keys of
attention. The graph of a step reads the last symbol and gives the next state and the best symbol, so that nothing but
Python reads an id in between. The input products of all symbols are a table in it. What a step reads again, and what it
hands to the next one, stay bound: Python copies no array.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
import onnxruntime
import torch
from torch import nn

from benchmarks.peer import encode
from seqwright.engines.pytorch.network import Network

__all__ = ["Graphs"]

STATE = ("ids", "h", "c")


class _Encoder(nn.Module):
    def __init__(self, peer: Network) -> None:
        super().__init__()
        self.peer = peer

    @torch.no_grad()
    def forward(self, source: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return memory (B, S, M), keys (B, H, S) and the state h, c (B, H) for source (S, B)."""
        memory, (h, c) = encode(self.peer, source)
        memory = memory.transpose(0, 1)
        return memory, (memory @ self.peer.Wa.weight).transpose(1, 2), h[0], c[0]


class _Step(nn.Module):
    """An LSTM cell whose input products come from a table, attention, and the best symbol."""

    def __init__(self, peer: Network) -> None:
        super().__init__()
        lstm = peer.decoder[0]
        with torch.no_grad():
            self.table = torch.addmm(lstm.bias_ih_l0, peer.target_embedding.weight, lstm.weight_ih_l0.t())
            self.Wh = lstm.weight_hh_l0.t().contiguous()
        self.Wc, self.affine = peer.Wc, peer.affine

    def forward(
        self, ids: torch.Tensor, h: torch.Tensor, c: torch.Tensor, memory: torch.Tensor, keys: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Return the next ids (B,), h and c (B, H)."""
        i, f, g, o = (self.table[ids] + h @ self.Wh).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        context = (torch.matmul(h[:, None], keys).softmax(2) @ memory)[:, 0]
        return self.affine(torch.tanh(self.Wc(torch.cat([context, h], 1)))).argmax(1), h, c


class Graphs:
    """Greedy generation for a fixed number of words: both graphs, and the arrays that are bound to them."""

    def __init__(self, peer: Network, *, words: int, symbols: int, threads: int) -> None:
        source = torch.zeros(symbols, words, dtype=torch.int64)
        memory, keys, h, c = _Encoder(peer)(source)
        self._encoder = _session(_Encoder(peer), (source,), ["source"], ["memory", "keys", "h", "c"], threads)
        step = (torch.zeros(words, dtype=torch.int64), h, c, memory, keys)
        self._step = _session(
            _Step(peer), step, [*STATE, "memory", "keys"], [f"next_{name}" for name in STATE], threads
        )
        like = dict(zip([*STATE, "memory", "keys"], step, strict=True))
        self._arrays = {name: onnxruntime.OrtValue.ortvalue_from_numpy(x.detach().numpy()) for name, x in like.items()}
        others = {name: onnxruntime.OrtValue.ortvalue_from_numpy(like[name].detach().numpy()) for name in STATE}
        self._steps = [self._bound(self._arrays, others), self._bound(others, self._arrays)]  # by turns
        self._ids = [arrays["ids"].numpy for arrays in (others, self._arrays)]
        self._encoding = self._encoder.io_binding()
        for name in ("memory", "keys", "h", "c"):
            self._encoding.bind_ortvalue_output(name, self._arrays[name])

    def __call__(self, source: np.ndarray, start_id: int, steps: int) -> np.ndarray:
        """Return ids (steps, B) for source (S, B) int64."""
        self._encoding.bind_cpu_input("source", source)
        self._encoder.run_with_iobinding(self._encoding)
        self._arrays["ids"].update_inplace(np.full(source.shape[1], start_id))
        found = np.empty((steps, source.shape[1]), np.int64)
        for t in range(steps):
            self._step.run_with_iobinding(self._steps[t % 2])
            found[t] = self._ids[t % 2]()
        return found

    def _bound(
        self, read: dict[str, onnxruntime.OrtValue], written: dict[str, onnxruntime.OrtValue]
    ) -> onnxruntime.IOBinding:
        binding = self._step.io_binding()
        for name in STATE:
            binding.bind_ortvalue_input(name, read[name])
            binding.bind_ortvalue_output(f"next_{name}", written[name])
        for name in ("memory", "keys"):
            binding.bind_ortvalue_input(name, self._arrays[name])
        return binding


def _session(
    module: nn.Module, example: tuple[torch.Tensor, ...], inputs: list[str], outputs: list[str], threads: int
) -> onnxruntime.InferenceSession:
    buffer = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that traces is an old one; what it writes is the same
        torch.onnx.export(module.eval(), example, buffer, input_names=inputs, output_names=outputs, dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])
