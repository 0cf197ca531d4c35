"""The learning rate over a training."""

import math
from typing import Literal

__all__ = ["rate_factor"]


def rate_factor(share: float, *, schedule: Literal["constant", "cosine"], warmup: float) -> float:
    """Return what to multiply the rate with when `share` (0 to 1) of the training is done.

    It rises in a line from 0 while share < warmup. "cosine" then falls to 2 % along half a cosine (Loshchilov & Hutter
    2017, "SGDR", equation 5, without restarts).
    """
    rise = min(1.0, share / warmup) if warmup else 1.0
    if schedule == "constant" or share <= warmup:
        return rise
    fallen = (1 + math.cos(math.pi * min(1.0, (share - warmup) / (1 - warmup)))) / 2
    return 0.02 + 0.98 * fallen
