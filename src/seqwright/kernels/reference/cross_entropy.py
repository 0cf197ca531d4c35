"""Softmax and cross-entropy over time, with padding and label smoothing.

Label smoothing is Szegedy et al. 2016, section 7: the target distribution is (1 - ε) δ_y + ε / V.
The algebra is in docs/derivations/cross-entropy.md.
"""

import numpy as np

from seqwright.types import Array, Ids

__all__ = ["cross_entropy_backward", "cross_entropy_forward"]


def cross_entropy_forward(
    logits: Array, targets: Ids, lengths: Ids, smoothing: float, probs: Array, nll: Array
) -> None:
    """Write softmax(logits) to probs and each position's cross-entropy, in nats, to nll (0 at padding).

    logits (T, B, V).   targets (T, B) int32.   lengths (B,) int32.   probs (T, B, V), may be `logits`.   nll (T, B).
    """
    T, _, V = logits.shape
    shifted = logits - logits.max(axis=2, keepdims=True)
    total = np.exp(shifted).sum(axis=2, keepdims=True)
    log_probs = shifted - np.log(total)
    at_target = np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    nll[:] = -(1 - smoothing) * at_target
    if smoothing:  # a forbidden symbol's log-probability is -inf, and 0 · -inf is NaN
        nll -= smoothing / V * log_probs.sum(axis=2)
    nll[np.arange(T)[:, None] >= lengths] = 0
    np.exp(log_probs, out=probs)


def cross_entropy_backward(
    probs: Array, targets: Ids, lengths: Ids, smoothing: float, scale: float, dlogits: Array
) -> None:
    """Write scale · d(Σ nll)/d(logits) to dlogits, 0 at padding.

    probs (T, B, V), as the forward left them.   dlogits (T, B, V), may be `probs`.
    """
    T, B, V = probs.shape
    np.subtract(probs, smoothing / V, out=dlogits)
    dlogits[np.arange(T)[:, None], np.arange(B), targets] -= 1 - smoothing
    dlogits *= scale
    dlogits[np.arange(T)[:, None] >= lengths] = 0
