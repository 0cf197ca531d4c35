"""Stochastic gradient descent."""

import math

from seqwright.nn.parameters import Parameters
from seqwright.optim.clip import clip_scale

__all__ = ["SGD"]


class SGD:
    """params -= learning_rate · grads.

    learning_rate: `rate` sets it too.   clip_norm: greatest norm of the whole gradient, None for no limit.
    """

    learning_rate: float
    clip_norm: float | None

    def __init__(self, learning_rate: float = 0.1, *, rate: float | None = None, clip_norm: float | None = 5.0) -> None:
        self.learning_rate, self.clip_norm = learning_rate if rate is None else rate, clip_norm

    def update(self, params: Parameters, grads: Parameters) -> float:
        """Change params by one step along grads; return the norm of the gradient before clipping.

        A gradient whose norm is not finite changes nothing.
        """
        norm, scale = clip_scale(grads.flat, self.clip_norm)
        if not math.isfinite(norm):
            return norm
        params.flat -= params.flat.dtype.type(self.learning_rate * scale) * grads.flat
        return norm
