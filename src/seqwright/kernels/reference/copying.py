"""A decoder that generates symbols or copies them from the source: the mixture's log-probabilities and cross-entropy.

See et al. 2017, "Get To The Point: Summarization with Pointer-Generator Networks", equations 8, 9 and 13. The
attention weight of a source symbol that is not in the target vocabulary cannot be copied and is given to generating, so
that the probabilities sum to 1:

    γ = σ(gate)      C_v = Σ_s weights_s [source_s = v]      w = 1 - γ Σ_v C_v      p_v = w softmax(logits)_v + γ C_v

The algebra is in docs/derivations/copying.md.
"""

import numpy as np

from seqwright.types import Array, Ids

__all__ = ["copy_cross_entropy_backward", "copy_cross_entropy_forward", "copy_log_probs"]


def copy_cross_entropy_forward(
    logits: Array,
    weights: Array,
    gate: Array,
    source: Ids,
    targets: Ids,
    lengths: Ids,
    smoothing: float,
    probs: Array,
    nll: Array,
) -> None:
    """Write softmax(logits) to probs and each position's cross-entropy under p, in nats, to nll (0 at padding).

    logits (T, B, V).   weights (T, B, S): attention weights.   gate (T, B): the log-odds of copying.
    source (S, B) int32: target id of each source symbol, -1 for none.
    targets (T, B) int32.   lengths (B,) int32.   smoothing: as for `cross_entropy_forward`.
    probs (T, B, V), not `logits`.   nll (T, B).
    """
    T, _, V = logits.shape
    log_generated = _log_softmax(logits)
    log_probs = _log_mixture(log_generated, weights, gate, source)
    at_target = np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    nll[:] = -(1 - smoothing) * at_target
    if smoothing:  # a forbidden symbol's log-probability is -inf, and 0 · -inf is NaN
        nll -= smoothing / V * log_probs.sum(axis=2)
    nll[np.arange(T)[:, None] >= lengths] = 0
    np.exp(log_generated, out=probs)


def copy_cross_entropy_backward(
    probs: Array,
    weights: Array,
    gate: Array,
    source: Ids,
    targets: Ids,
    lengths: Ids,
    smoothing: float,
    scale: float,
    dlogits: Array,
    dweights: Array,
    dgate: Array,
) -> None:
    """Write scale · d(Σ nll) by the logits, the weights and the gate to dlogits, dweights and dgate, 0 at padding.

    probs (T, B, V), as the forward left them.   dlogits (T, B, V), may be `probs`.   dweights (T, B, S).
    dgate (T, B).
    """
    T, B, V = probs.shape
    wanted = np.full(probs.shape, smoothing / V, probs.dtype)  # q
    wanted[np.arange(T)[:, None], np.arange(B), targets] += 1 - smoothing
    wanted *= scale * (np.arange(T)[:, None] < lengths)[:, :, None]
    copied = _copied(weights, source, V)  # C
    gamma, w = np.exp(_log_sigmoid(gate)), np.exp(_log_generating(copied, gate))
    mixture = np.maximum(w * probs + gamma * copied, np.finfo(probs.dtype).tiny)  # p
    by_copying = np.where(copied > 0, wanted * gamma / mixture, 0)  # q γ / p, where anything is copied
    generated = np.where(copied > 0, wanted * w * probs / mixture, wanted)  # q ρ, with ρ = w P / p
    total = generated.sum(axis=2, keepdims=True)  # R
    dcopied = gamma * total / w - by_copying
    dgate[:] = np.exp(_log_sigmoid(-gate))[:, :, 0] * (dcopied * copied).sum(axis=2)
    for s, ids in enumerate(source):
        dweights[:, :, s] = np.where(ids >= 0, dcopied[:, np.arange(B), ids], 0)
    np.subtract(probs * total, generated, out=dlogits)


def copy_log_probs(logits: Array, weights: Array, gate: Array, source: Ids, log_probs: Array) -> None:
    """Write log p to log_probs (T, B, V), which may be `logits`.   The arguments are those of the cross-entropy."""
    log_probs[:] = _log_mixture(_log_softmax(logits), weights, gate, source)


def _log_mixture(log_generated: Array, weights: Array, gate: Array, source: Ids) -> Array:
    """Return log p (T, B, V), finite wherever log_generated is."""
    copied = _copied(weights, source, log_generated.shape[2])
    log_probs: Array = log_generated + _log_generating(copied, gate)
    with np.errstate(divide="ignore"):  # symbols that are not in the source
        log_copied = np.log(copied) + _log_sigmoid(gate)
    return np.where(copied > 0, np.logaddexp(log_probs, log_copied), log_probs)


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=2, keepdims=True)
    log_probs: Array = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    return log_probs


def _copied(weights: Array, source: Ids, V: int) -> Array:
    """Return C (T, B, V): the total attention weight on each symbol of the target vocabulary."""
    T, B, _ = weights.shape
    copied = np.zeros((T, B, V), weights.dtype)
    for s, ids in enumerate(source):
        rows = np.flatnonzero(ids >= 0)
        copied[:, rows, ids[rows]] += weights[:, rows, s]
    return copied


def _log_generating(copied: Array, gate: Array) -> Array:
    """Return log w (T, B, 1), w = (1 - γ) + γ (1 - Σ C): always finite, as log(1 - γ Σ C) would not be by rounding."""
    with np.errstate(divide="ignore"):  # all is copied
        left = np.log(np.maximum(1 - copied.sum(axis=2, keepdims=True), 0))
    log_w: Array = np.logaddexp(_log_sigmoid(-gate), _log_sigmoid(gate) + left)
    return log_w


def _log_sigmoid(gate: Array) -> Array:
    """Return log σ(gate), (T, B, 1)."""
    y: Array = -np.logaddexp(0, -gate)[:, :, None]
    return y
