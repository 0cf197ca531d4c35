"""Additive attention of every decoder step over a padded memory.

Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and Translate", appendix A.1.2: the score
is v·tanh(q + key). Queries and keys are products of the decoder's outputs and of the memory, and are not made here. See
docs/derivations/attention.md.
"""

import numpy as np

from seqwright.kernels.reference.attention import masked_softmax_, score_gradients
from seqwright.types import Array, Ids

__all__ = ["additive_attention_backward", "additive_attention_forward"]


def additive_attention_forward(
    q: Array,
    keys: Array,
    v: Array,
    memory: Array,
    lengths: Ids,
    weights: Array,
    context: Array,
    bias: Array | None = None,
) -> None:
    """Write weights[t, b] = softmax over s < lengths[b] of v·tanh(q[t, b] + keys[s, b]), context = Σ_s weights memory.

    q (T, B, A).   keys (S, B, A).   v (A,).   memory (S, B, M).   lengths (B,) int32: real memory rows of a sequence.
    weights (T, B, S): 0 at padding; all 0 where lengths[b] is 0.   context (T, B, M), which may be some columns of a
    wider array.   bias (T, S): added to the scores of every sequence; None for nothing.
    """
    (T, B, _), S = q.shape, len(keys)
    score = np.empty((B, T, S), q.dtype)
    for t in range(T):
        score[:, t] = (np.tanh(q[t] + keys) @ v).T
    if bias is not None:
        score += bias
    masked_softmax_(score, lengths)
    weights[:] = score.transpose(1, 0, 2)
    context[:] = (score @ memory.transpose(1, 0, 2)).transpose(1, 0, 2)


def additive_attention_backward(
    dcontext: Array,
    dweights: Array | None,
    q: Array,
    keys: Array,
    v: Array,
    memory: Array,
    lengths: Ids,  # noqa: ARG001 - lets a faster kernel skip products that are known to be 0
    weights: Array,
    dq: Array,
    dkeys: Array,
    dv: Array,
    dmemory: Array,
    dbias: Array | None = None,
) -> None:
    """Write dL/dq and dL/dkeys, add dL/dv to dv and dL/dmemory to dmemory; weights as the forward left them.

    dcontext (T, B, M), which may be some columns of a wider array.   dweights (T, B, S): what arrives at the weights
    themselves, None for nothing.   dq (T, B, A).   dkeys (S, B, A): 0 at padding.   dv (A,).   dmemory (S, B, M).
    dbias (T, S): added to, unless None.
    """
    dscore = score_gradients(dcontext, dweights, memory, weights)
    dkeys[:] = 0
    for t in range(len(q)):
        u = np.tanh(q[t] + keys)  # (S, B, A)
        d = dscore[:, t].T[:, :, None]
        da = d * v * (1 - u * u)
        dq[t] = da.sum(axis=0)
        dkeys += da
        dv += (d * u).sum(axis=(0, 1))
    dmemory += np.einsum("tbs,tbm->sbm", weights, dcontext)
    if dbias is not None:
        dbias += dscore.sum(axis=0)
