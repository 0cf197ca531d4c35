"""Learning rate schedules."""

import math
from typing import Literal

__all__ = ["rate_factor"]


def rate_factor(
    share: float,
    *,
    schedule: Literal["constant", "cosine", "inverse_sqrt", "plateau"],
    warmup: float,
    step: int = 0,
    warmup_steps: int | None = None,
) -> float:
    """Return the factor of the learning rate after a part `share` (0 to 1) of the training and `step` updates.

    It rises linearly from 0 while share < warmup or, if warmup_steps is given, for that number of updates. Then
    "cosine" falls to 2 % along half a cosine (Loshchilov & Hutter 2017, "SGDR", equation 5, without restarts);
    "inverse_sqrt" falls with 1 / √share or 1 / √step, and needs a warm-up (Vaswani et al. 2017, "Attention Is All You
    Need", equation 3, scaled to 1 at the end of the warm-up); "constant" and "plateau" are constant, where
    `training.loop` lowers the latter by the dev scores.
    """
    if warmup_steps:
        since, warmup = warmup_steps / (step + 1), 0.0  # inverse of the time in units of the warm-up
        rise = min(1.0, 1 / since)
    else:
        since = warmup / share if share else 1.0
        rise = min(1.0, share / warmup) if warmup else 1.0
        if share <= warmup:
            return rise
    if schedule == "cosine":
        fallen = (1 + math.cos(math.pi * min(1.0, (share - warmup) / (1 - warmup)))) / 2
        return rise * (0.02 + 0.98 * fallen)
    return rise * math.sqrt(min(1.0, since)) if schedule == "inverse_sqrt" else rise
