"""The cross-entropy of a mixture of generating and copying; the equations are in `kernels.reference.copying`."""

from __future__ import annotations

import torch
from torch.nn.functional import logsigmoid

__all__ = ["copy_cross_entropy"]


def copy_cross_entropy(
    logits: torch.Tensor,
    weights: torch.Tensor,
    gate: torch.Tensor,
    copyable: torch.Tensor,
    copies: torch.Tensor,
    wanted: torch.Tensor,
    smoothing: float,
) -> torch.Tensor:
    """Return the sum of the cross-entropy over the targets that are not negative.

    logits (B, T, V).   weights (B, T, S): attention weights.   gate (B, T, 1): the log-odds of copying.
    copyable (B, S): target id of each source symbol, 0 where copies (B, S) is 0.   wanted (B, T).
    """
    dtype = torch.promote_types(logits.dtype, torch.float32)  # bfloat16 is too coarse for sums of probabilities
    logits, gate = logits.to(dtype), gate.to(dtype)
    each = weights.to(dtype) * copies[:, None]
    copied = torch.zeros_like(logits).scatter_add(2, copyable[:, None].expand_as(each), each)  # C
    tiny = torch.finfo(dtype).tiny
    left = (1 - copied.sum(2, keepdim=True)).clamp_min(tiny).log()
    log_generating = torch.logaddexp(logsigmoid(-gate), logsigmoid(gate) + left)  # log w
    log_generated = logits.log_softmax(2) + log_generating
    is_copied = copied > 0
    log_copied = torch.where(is_copied, copied, 1).log() + logsigmoid(gate)  # a 0 under the logarithm has gradient NaN
    log_probs = torch.where(is_copied, torch.logaddexp(log_generated, log_copied), log_generated)
    at_target = log_probs.gather(2, wanted.clamp_min(0)[:, :, None])[:, :, 0]
    likelihood = (1 - smoothing) * at_target + smoothing * log_probs.mean(2)
    return -torch.where(wanted >= 0, likelihood, 0).sum()
