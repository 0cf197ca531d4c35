"""Generation from a decoder's parameters: greedy or sampled, each symbol read back in, state kept from step to step."""

from collections.abc import Sequence

import numpy as np

from seqwright.kernels.reference.attention import attention_forward
from seqwright.kernels.reference.codes import product
from seqwright.kernels.reference.encode import lstm_step
from seqwright.types import Array, Ids

__all__ = ["decoder_size", "decoder_step", "generate", "log_softmax", "pack_decoder"]


def generate(
    E: Array,
    layers: Sequence[tuple[Array, Array, Array]],
    attention: tuple[Array | None, Array, Array] | None,
    W: Array,
    b: Array,
    h: Array,
    c: Array,
    peek: Array | None,
    memory: Array | None,
    memory_lengths: Ids | None,
    start_id: int,
    end_id: int,
    limits: Ids,
    temperature: float,
    uniforms: Array | None,
    ids: Ids,
    log_probs: Array,
    lengths: Ids,
    packed: Array | None = None,  # noqa: ARG001 - what a faster kernel made of the weights
    int8: bool = False,
) -> None:
    """Write each row's symbols to ids, their log-probabilities to log_probs, and how many there are to lengths.

    A row ends after `end_id` (which is written and counted; -1: never) or after limits[b] symbols.

    E (V, D) embedding.   layers: (Wx, Wh, b) of each LSTM, bottom first; the first reads [E[id], peek].
    attention: (Wa (H, M) or None for plain dot, Wc (M + H, H), bc (H,)) or None: h̃ = tanh([context, h] Wc + bc).
    W (H [+ P], V), b (V,): scores = [h̃ or h, peek] W + b.
    h, c (L, B, H): the state before the first symbol; left as the state after each row's last symbol was chosen.
    peek (B, P) or None.   memory (S, B, M) and memory_lengths (B,), or None without attention.
    limits (B,) int32.   temperature: divides the scores before sampling.
    uniforms (T, B) in [0, 1) to sample by the inverse of the cumulative distribution, or None for the best symbol
    (the first of equals).   ids (T, B) int32, log_probs (T, B), lengths (B,) int32: written; entries behind a row's end
    are -1 and 0. The log-probabilities are those of the model, at temperature 1.
    packed: what `pack_decoder` wrote for these weights, or None.   int8: products are those of `codes.product`.
    """
    T, B = ids.shape
    ids[:], log_probs[:], lengths[:] = -1, 0, 0
    rows = np.arange(B)
    step_ids = np.full(B, start_id, np.int32)
    running = limits > 0
    for t in range(T):
        if not running.any():
            break
        ended = ~running
        h_ended, c_ended = h[:, ended], c[:, ended]
        scores, _ = decoder_step(E, layers, attention, W, b, h, c, peek, memory, memory_lengths, step_ids, int8)
        h[:, ended], c[:, ended] = h_ended, c_ended
        log_p = log_softmax(scores)
        if uniforms is None:
            chosen = scores.argmax(axis=1)
        else:
            cumulative = np.exp(log_softmax(scores / temperature)).cumsum(axis=1)
            chosen = np.minimum((cumulative <= uniforms[t][:, None]).sum(axis=1), scores.shape[1] - 1)
        step_ids = chosen.astype(np.int32)
        ids[t] = np.where(running, step_ids, -1)
        log_probs[t] = np.where(running, log_p[rows, chosen], 0)
        lengths += running
        running &= (step_ids != end_id) & (lengths < limits)


def decoder_step(
    E: Array,
    layers: Sequence[tuple[Array, Array, Array]],
    attention: tuple[Array | None, Array, Array] | None,
    W: Array,
    b: Array,
    h: Array,
    c: Array,
    peek: Array | None,
    memory: Array | None,
    memory_lengths: Ids | None,
    ids: Ids,
    int8: bool = False,
) -> tuple[Array, Array | None]:
    """Return the scores (B, V) of the next symbol after reading ids (B,), and where that one looked, (B, S) or None.

    h and c move on by one step.
    """
    looks = None
    x = E[ids] if peek is None else np.concatenate([E[ids], peek], axis=1)
    for layer, (Wx, Wh, bias) in enumerate(layers):
        parts = [E.shape[1]] if layer == 0 and peek is not None else []
        x, c[layer] = lstm_step(x, h[layer], c[layer], Wx, Wh, bias, int8, parts)
        h[layer] = x
    if attention is not None:
        assert memory is not None and memory_lengths is not None, "attention needs a memory"
        Wa, Wc, bc = attention
        looks, context = _attend(x, memory, memory_lengths, Wa, int8)
        x = np.tanh(product(np.concatenate([context, x], axis=1), Wc, bc, int8=int8))
    if peek is not None:
        x = np.concatenate([x, peek], axis=1)
    return product(x, W, b, int8=int8), looks


def _attend(h: Array, memory: Array, lengths: Ids, Wa: Array | None, int8: bool) -> tuple[Array, Array]:
    """Return where h (B, H) looks in memory (S, B, M), (B, S), and what it sees there, (B, M)."""
    S, B, M = memory.shape
    keys = memory
    if Wa is not None:
        keys = product(memory.reshape(S * B, M), np.ascontiguousarray(Wa.T), None, int8=int8).reshape(S, B, len(Wa))
    weights, ignored = np.empty((1, B, S), h.dtype), np.empty((1, *keys.shape[1:]), h.dtype)
    attention_forward(h[None], keys, lengths, weights, ignored)
    return weights[0], np.einsum("bs,sbm->bm", weights[0], memory)


def decoder_size(
    E: Array,  # noqa: ARG001
    layers: Sequence[tuple[Array, Array, Array]],  # noqa: ARG001
    attention: tuple[Array | None, Array, Array] | None,  # noqa: ARG001
    W: Array,  # noqa: ARG001
    b: Array,  # noqa: ARG001
    int8: bool,  # noqa: ARG001
) -> int:
    """Return how many floats `pack_decoder` writes: none, where kernels read the weights as they are."""
    return 0


def pack_decoder(
    E: Array,
    layers: Sequence[tuple[Array, Array, Array]],
    attention: tuple[Array | None, Array, Array] | None,
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
