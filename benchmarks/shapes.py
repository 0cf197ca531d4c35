"""The networks that are measured, and how much arithmetic a training step of each is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

import seqwright

__all__ = ["GENERATION", "SHAPES", "Batch", "Shape", "chosen"]


class Batch(NamedTuple):
    """source (S, B), target (T + 1, B), and the lengths of their rows (B,): all full, as in a bucket of one length."""

    source: np.ndarray
    source_lengths: np.ndarray
    target: np.ndarray
    target_lengths: np.ndarray


class Shape(NamedTuple):
    """A network and a batch: V symbols on both sides, D inputs, H units, B pairs of S symbols → T symbols.

    attention: bilinear, with both states crossing to the decoder; without it the network is the article's own.
    goals: the ratio to PyTorch that is to be seen, by number of threads.
    """

    name: str
    V: int
    D: int
    H: int
    B: int
    S: int
    T: int
    bidirectional: bool
    attention: bool
    goals: Mapping[int, float]

    def network(self, dtype: type = np.float32) -> seqwright.Seq2seq:
        """Return the network with initial values from a fixed seed."""
        return seqwright.Seq2seq(
            self.V, self.D, self.H,
            bidirectional=self.bidirectional,
            attention="bilinear" if self.attention else "none",
            bridge="hc" if self.attention else "h",
            rng=np.random.default_rng(1), dtype=dtype,
        )  # fmt: skip

    def batch(self) -> Batch:
        """Return random ids from a fixed seed."""
        rng = np.random.default_rng(2)
        return Batch(
            rng.integers(self.V, size=(self.S, self.B), dtype=np.int32), np.full(self.B, self.S, np.int32),
            rng.integers(self.V, size=(self.T + 1, self.B), dtype=np.int32), np.full(self.B, self.T, np.int32),
        )  # fmt: skip

    def multiply_adds(self) -> int:
        """Return the multiply-adds of all matrix products of one training step, forward and backward.

        A product of (N, K) with (K, M) is N K M multiply-adds, and its backward is two products of as many. Counted
        is what the equations say: the product with the zero initial state of the encoder is included, the gradient of
        that state is not, as nobody wants it. Embeddings, activations, softmax, biases, clipping and Adam are no
        products.
        """
        D, H, B, S, T = self.D, self.H, self.B, self.S, self.T
        encoder = S * B * (D + H) * 4 * H  # x Wx, h Wh
        decoder = T * B * (D + H) * 4 * H
        initial = B * H * 4 * H  # dL/dh before the encoder's first step
        return 3 * (self._directions * encoder + decoder + self._above()) - self._directions * initial

    def carried_out(self) -> int:
        """Return the multiply-adds that ours does of these: a first layer's inputs are multiplied once a symbol where
        that is less, and the zeros that the encoder starts from not at all.
        """
        V, D, H, B, S, T = self.V, self.D, self.H, self.B, self.S, self.T
        read, said = (V if steps * B >= 2 * V else steps * B for steps in (S, T))  # inputs that are multiplied
        encoder = (read * D + (S - 1) * B * H) * 4 * H
        decoder = (said * D + T * B * H) * 4 * H
        return 3 * (self._directions * encoder + decoder + self._above())

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _above(self) -> int:
        """Return the multiply-adds forward of what is no LSTM."""
        V, H, B, S, T = self.V, self.H, self.B, self.S, self.T
        M = self._directions * H  # width of the memory
        forward = T * B * H * V  # affine
        if self.bidirectional:
            states = 2 if self.attention else 1
            forward += states * B * 2 * H * H  # bridge
        if self.attention:
            forward += T * B * H * M  # q = h Wa
            forward += T * B * S * M  # q · memory
            forward += T * B * S * M  # weights · memory
            forward += T * B * (M + H) * H  # [context, h] Wc
        return forward


SHAPES = (
    Shape("plain", 13, 16, 128, 128, 7, 5, False, False, {1: 1.6, 2: 2.5}),
    Shape("bi+attention-128", 64, 64, 128, 128, 8, 10, True, True, {1: 1.5, 2: 2.2}),
    Shape("bi+attention-256", 64, 128, 256, 128, 8, 10, True, True, {1: 1.3, 2: 1.8}),
    Shape("bi+attention-512", 64, 256, 512, 64, 12, 12, True, True, {1: 1.25, 2: 1.35}),
    # One direction: the encoder reads forwards, and attention reads its H-wide outputs.
    Shape("attention-8000", 8000, 256, 512, 64, 20, 20, False, True, {1: 1.25, 2: 1.4}),
)

GENERATION = Shape("bi+attention-256", 64, 128, 256, 256, 8, 10, True, True, {})


def chosen(names: Iterable[str]) -> list[Shape]:
    """Return the shapes of these names, or numbers from 1; all, if there are no names."""
    wanted = list(names)
    known = {shape.name: shape for shape in SHAPES} | {str(n): shape for n, shape in enumerate(SHAPES, 1)}
    for name in wanted:
        if name not in known:
            raise SystemExit(f"--only {name}: no such shape; there are {', '.join(shape.name for shape in SHAPES)}")
    return [known[name] for name in wanted] or list(SHAPES)
