"""The learning rate over a training."""

import math
from typing import Literal

__all__ = ["rate_factor"]


def rate_factor(
    share: float, *, schedule: Literal["constant", "cosine", "inverse_sqrt", "plateau"], warmup: float
) -> float:
    """Return what to multiply the rate with when `share` (0 to 1) of the training is done.

    It rises in a line from 0 while share < warmup. Then
    "cosine" falls to 2 % along half a cosine (Loshchilov & Hutter 2017, "SGDR", equation 5, without restarts);
    "inverse_sqrt" falls with 1 / √share (Vaswani et al. 2017, "Attention Is All You Need", equation 3, with the
    highest rate in the place of their factor), so that it needs a warm-up;
    "constant" and "plateau" stay: the latter is lowered by `training.loop`, which knows the dev scores.
    """
    rise = min(1.0, share / warmup) if warmup else 1.0
    if share <= warmup:
        return rise
    if schedule == "cosine":
        fallen = (1 + math.cos(math.pi * min(1.0, (share - warmup) / (1 - warmup)))) / 2
        return 0.02 + 0.98 * fallen
    return math.sqrt(warmup / share) if schedule == "inverse_sqrt" else 1.0
