"""Generation from a decoder's parameters: greedy or sampled, each symbol read back in, state kept from step to step."""

from collections.abc import Sequence

import numpy as np

from seqwright.kernels.reference.attention import attention_forward
from seqwright.kernels.reference.lstm import lstm_forward
from seqwright.types import Array, Ids

__all__ = ["decoder_step", "generate", "log_softmax"]


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
        scores, _ = decoder_step(E, layers, attention, W, b, h, c, peek, memory, memory_lengths, step_ids)
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
) -> tuple[Array, Array | None]:
    """Return the scores (B, V) of the next symbol after reading ids (B,), and where that one looked, (B, S) or None.

    h and c move on by one step.
    """
    B = len(ids)
    looks = None
    one = np.ones(B, np.int32)
    x = E[ids] if peek is None else np.concatenate([E[ids], peek], axis=1)
    for layer, (Wx, Wh, bias) in enumerate(layers):
        H = Wh.shape[0]
        hs, cs = np.empty((2, B, H), x.dtype), np.empty((2, B, H), x.dtype)
        hs[0], cs[0] = h[layer], c[layer]
        lstm_forward(x[None], one, Wx, Wh, bias, hs, cs, np.empty((1, B, 4 * H), x.dtype), False)
        h[layer], c[layer] = hs[1], cs[1]
        x = hs[1]
    if attention is not None:
        assert memory is not None and memory_lengths is not None, "attention needs a memory"
        Wa, Wc, bc = attention
        q = x if Wa is None else x @ Wa
        weights = np.empty((1, B, memory.shape[0]), x.dtype)
        context = np.empty((1, B, memory.shape[2]), x.dtype)
        attention_forward(q[None], memory, memory_lengths, weights, context)
        looks = weights[0]
        x = np.tanh(np.concatenate([context[0], x], axis=1) @ Wc + bc)
    if peek is not None:
        x = np.concatenate([x, peek], axis=1)
    scores: Array = x @ W + b
    return scores, looks


def log_softmax(scores: Array) -> Array:
    """Return the log-probabilities of the last dimension's scores, (B, V)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_probs
