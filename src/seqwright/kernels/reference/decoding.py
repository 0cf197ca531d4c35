"""One step of a decoder, or of several whose probabilities are averaged: what generation and search have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqwright.kernels.reference.additive_attention import additive_attention_forward
from seqwright.kernels.reference.attention import attention_forward, places_by_distance
from seqwright.kernels.reference.codes import product
from seqwright.kernels.reference.copying import copy_log_probs
from seqwright.kernels.reference.encode import lstm_step
from seqwright.types import Array, Ids

__all__ = [
    "Decoding",
    "decoder_size",
    "decoder_step",
    "ensemble_step",
    "log_softmax",
    "mean_log_probs",
    "pack_decoder",
]


Score = Array | tuple[Array, Array, Array] | None
Attention = tuple[Score, Array, Array, Array | None]


class Decoding(NamedTuple):
    """A decoder's parameters and what B rows, of a source each, start from.

    E (V, D) embedding.   layers: (Wx, Wh, b) of each LSTM, bottom first; the first reads [E[id], peek].
    attention: (score, Wc (M + H, H), bc (H,), distance) or None: h̃ = tanh([context, h] Wc + bc). The score is bilinear
    by Wa (H, M), additive by (Wq (H, H), Wk (M, H), v (H, 1)), the dot product by None; distance (2K + 1,) or None is
    added to it by s - t, from -K to K.
    W (H [+ P], V), b (V,): scores = [h̃ or h, peek] W + b; where b is -inf, the symbol is forbidden.
    h, c (L, B, H): the state before the first symbol.   peek (B, P) or None.
    memory (S, B, M) and memory_lengths (B,), or None without attention.
    copying: (W (H [+ P], 1), b (1,), source (S, B)) of `copy_log_probs`, the gate being [h̃, peek] W + b; or None.
    packed: what `pack_decoder` wrote for these weights, or None.   int8: products are those of `codes.product`.
    """

    E: Array
    layers: Sequence[tuple[Array, Array, Array]]
    attention: Attention | None
    W: Array
    b: Array
    h: Array
    c: Array
    peek: Array | None
    memory: Array | None
    memory_lengths: Ids | None
    packed: Array | None = None
    int8: bool = False
    copying: tuple[Array, Array, Ids] | None = None

    def rows(self, rows: Ids) -> Decoding:
        """Return the same for some rows only, any of them several times; what belongs to a row is copied."""
        return self._replace(
            h=self.h[:, rows],
            c=self.c[:, rows],
            peek=None if self.peek is None else self.peek[rows],
            memory=None if self.memory is None else self.memory[:, rows],
            memory_lengths=None if self.memory_lengths is None else self.memory_lengths[rows],
            copying=None if self.copying is None else (*self.copying[:2], self.copying[2][:, rows]),
        )


def decoder_step(d: Decoding, ids: Ids, step: int) -> tuple[Array, Array | None]:
    """Return the scores (B, V) of the next symbol after reading ids (B,), and where that one looked, (B, S) or None.

    step: how many symbols the rows have read before.   Of a decoder that copies, the scores are log-probabilities.
    d.h and d.c move on by one step.
    """
    looks = None
    x = d.E[ids] if d.peek is None else np.concatenate([d.E[ids], d.peek], axis=1)
    for layer, (Wx, Wh, bias) in enumerate(d.layers):
        parts = [d.E.shape[1]] if layer == 0 and d.peek is not None else []
        x, d.c[layer] = lstm_step(x, d.h[layer], d.c[layer], Wx, Wh, bias, d.int8, parts)
        d.h[layer] = x
    if d.attention is not None:
        assert d.memory is not None and d.memory_lengths is not None, "attention needs a memory"
        score, Wc, bc, distance = d.attention
        gains = None
        if distance is not None:
            gains = distance[places_by_distance(np.array([step], np.int32), len(d.memory), len(distance))]
        looks, context = _attend(x, d.memory, d.memory_lengths, score, gains, d.int8)
        x = np.tanh(product(np.concatenate([context, x], axis=1), Wc, bc, int8=d.int8))
    if d.peek is not None:
        x = np.concatenate([x, d.peek], axis=1)
    scores = product(x, d.W, d.b, int8=d.int8)
    if d.copying is not None:
        assert looks is not None, "copying needs attention"
        W, b, source = d.copying
        copy_log_probs(scores[None], looks[None], (x @ W + b)[None, :, 0], source, scores[None])
    return scores, looks


def _attend(h: Array, memory: Array, lengths: Ids, score: Score, bias: Array | None, int8: bool) -> tuple[Array, Array]:
    """Return where h (B, H) looks in memory (S, B, M), (B, S), and what it sees there, (B, M).

    bias (1, S): of the scores, or None.
    """
    (S, B, M), H = memory.shape, h.shape[1]
    weights = np.empty((1, B, S), h.dtype)
    if isinstance(score, tuple):
        Wq, Wk, v = score
        q, keys = product(h, Wq, None, int8=int8), product(memory.reshape(S * B, M), Wk, None, int8=int8)
        context = np.empty((1, B, M), h.dtype)
        additive_attention_forward(q[None], keys.reshape(S, B, H), v[:, 0], memory, lengths, weights, context, bias)
        return weights[0], context[0]
    keys = memory
    if score is not None:
        keys = product(memory.reshape(S * B, M), np.ascontiguousarray(score.T), None, int8=int8).reshape(S, B, H)
    ignored = np.empty((1, *keys.shape[1:]), h.dtype)
    attention_forward(h[None], keys, lengths, weights, ignored, bias)
    return weights[0], np.einsum("bs,sbm->bm", weights[0], memory)


def ensemble_step(members: Sequence[Decoding], ids: Ids, step: int) -> tuple[Array, Array | None]:
    """Return the log-probabilities (B, V) of the next symbol, and where it looked, the mean over the members of both.

    log p = log mean exp (log p of the members).   None as soon as one member has no attention.
    """
    answers = [decoder_step(member, ids, step) for member in members]
    each = np.stack([log_softmax(scores) for scores, _ in answers])
    log_probs = mean_log_probs(each) if len(each) > 1 else each[0]
    looks = [look for _, look in answers if look is not None]
    return log_probs, np.mean(looks, axis=0) if len(looks) == len(members) else None


def mean_log_probs(log_probs: Array) -> Array:
    """Return the logarithm of the mean of the probabilities of several models, (models, …) -> (…).

    The greatest of them is taken out first: a product that none of them can hold as a number keeps its logarithm.
    """
    top = log_probs.max(axis=0)
    top[np.isneginf(top)] = 0  # what all forbid stays at -inf
    with np.errstate(divide="ignore"):
        mean: Array = top + np.log(np.exp(log_probs - top).mean(axis=0))
    return mean


def decoder_size(
    E: Array,  # noqa: ARG001
    layers: Sequence[tuple[Array, Array, Array]],  # noqa: ARG001
    attention: Attention | None,  # noqa: ARG001
    W: Array,  # noqa: ARG001
    b: Array,  # noqa: ARG001
    int8: bool,  # noqa: ARG001
) -> int:
    """Return how many floats `pack_decoder` writes: none, where kernels read the weights as they are."""
    return 0


def pack_decoder(
    E: Array,
    layers: Sequence[tuple[Array, Array, Array]],
    attention: Attention | None,
    W: Array,
    b: Array,
    int8: bool,
    packed: Array,
) -> None:
    """Write the weights to `packed` (decoder_size,) as this kernel's `generate` and `beam` read them."""


def log_softmax(scores: Array) -> Array:
    """Return the log-probabilities of the last dimension's scores, (B, V)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_probs
