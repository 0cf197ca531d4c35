"""Dot-product attention of every decoder step over a padded memory.

Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine Translation", equations 7 and 8 (dot).
The bilinear ("general") score is this kernel after a product of the queries with W. See docs/derivations/attention.md.
"""

import numpy as np

from seqwright.types import Array, Ids

__all__ = ["attention_backward", "attention_forward", "masked_softmax_", "places_by_distance", "score_gradients"]


def attention_forward(
    q: Array, memory: Array, lengths: Ids, weights: Array, context: Array, bias: Array | None = None
) -> None:
    """Write weights[t, b] = softmax over s < lengths[b] of q[t, b]·memory[s, b], and context = Σ_s weights memory.

    q (T, B, M).   memory (S, B, M).   lengths (B,) int32: real memory rows of each sequence.
    weights (T, B, S): 0 at padding; all 0 where lengths[b] is 0.   context (T, B, M), which may be some columns of a
    wider array.   bias (T, S): added to the scores of every sequence, or None.
    """
    score = q.transpose(1, 0, 2) @ memory.transpose(1, 2, 0)  # (B, T, S)
    if bias is not None:
        score += bias
    masked_softmax_(score, lengths)
    weights[:] = score.transpose(1, 0, 2)
    context[:] = (score @ memory.transpose(1, 0, 2)).transpose(1, 0, 2)


def places_by_distance(steps: Ids, S: int, n: int) -> Ids:
    """Return the index of each relative position s - steps[t] among n of them, (T, S).

    n: odd; position 0 is in the middle, and positions beyond the ends have the index of the end.
    """
    farthest = n // 2
    places: Ids = np.clip(np.arange(S, dtype=np.int32) - steps[:, None], -farthest, farthest) + np.int32(farthest)
    return places


def masked_softmax_(score: Array, lengths: Ids) -> None:
    """Turn scores (B, T, S) into the softmax over s < lengths[b]; 0 at padding, and everywhere if lengths[b] is 0."""
    live = np.arange(score.shape[2]) < lengths[:, None, None]
    score[~np.broadcast_to(live, score.shape)] = -np.inf
    top = score.max(axis=2, keepdims=True, initial=-np.inf)
    score -= np.where(np.isneginf(top), 0, top)
    np.exp(score, out=score)
    total = score.sum(axis=2, keepdims=True)
    score /= np.where(total == 0, 1, total)


def attention_backward(
    dcontext: Array,
    dweights: Array | None,
    q: Array,
    memory: Array,
    lengths: Ids,  # noqa: ARG001 - lets a faster kernel skip products that are known to be 0
    weights: Array,
    dq: Array,
    dmemory: Array,
    dbias: Array | None = None,
) -> None:
    """Write dL/dq to dq and add dL/dmemory to dmemory; weights as `attention_forward` left them.

    dcontext (T, B, M), which may be some columns of a wider array.   dweights (T, B, S): gradient of the weights
    themselves, None for zeros.   dq (T, B, M).   dmemory (S, B, M).   dbias (T, S): added to, unless None.
    """
    w = weights.transpose(1, 0, 2)  # (B, T, S)
    d = dcontext.transpose(1, 0, 2)  # (B, T, M)
    dscore = score_gradients(dcontext, dweights, memory, weights)
    dq[:] = (dscore @ memory.transpose(1, 0, 2)).transpose(1, 0, 2)
    dmemory += (w.transpose(0, 2, 1) @ d + dscore.transpose(0, 2, 1) @ q.transpose(1, 0, 2)).transpose(1, 0, 2)
    if dbias is not None:
        dbias += dscore.sum(axis=0)


def score_gradients(dcontext: Array, dweights: Array | None, memory: Array, weights: Array) -> Array:
    """Return the gradient of the scores, (B, T, S); arguments as for `attention_backward`."""
    w = weights.transpose(1, 0, 2)
    dw = dcontext.transpose(1, 0, 2) @ memory.transpose(1, 2, 0)
    if dweights is not None:
        dw += dweights.transpose(1, 0, 2)
    dscore: Array = w * (dw - (dw * w).sum(axis=2, keepdims=True))  # softmax' is w (δ - w)
    return dscore
