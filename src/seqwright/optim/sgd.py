"""Stochastic gradient descent."""

import math

from seqwright.nn.parameters import Parameters
from seqwright.optim.clip import clip_scale

__all__ = ["SGD"]


class SGD:
    """Stochastic gradient descent with clipping of the gradient: params -= learning_rate · grads.

    Parameters
    ----------
    learning_rate : float, default 0.1
        Can be changed between updates.
    rate : float, optional
        Alias of `learning_rate`.
    clip_norm : float or None, default 5
        Greatest norm of the whole gradient; None for no limit.
    """

    learning_rate: float
    clip_norm: float | None

    def __init__(self, learning_rate: float = 0.1, *, rate: float | None = None, clip_norm: float | None = 5.0) -> None:
        self.learning_rate, self.clip_norm = learning_rate if rate is None else rate, clip_norm

    def update(self, params: Parameters, grads: Parameters) -> float:
        """Update the parameters in place.

        Parameters
        ----------
        params, grads : Parameters
            The parameters and their gradient, which is not changed. If its norm is not finite, nothing is updated.

        Returns
        -------
        float
            The norm of the gradient before clipping.
        """
        norm, scale = clip_scale(grads.flat, self.clip_norm)
        if not math.isfinite(norm):
            return norm
        params.flat -= params.flat.dtype.type(self.learning_rate * scale) * grads.flat
        return norm
