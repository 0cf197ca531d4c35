"""Adam, with decoupled weight decay."""

import math

import numpy as np

from seqwright import kernels
from seqwright.nn.parameters import Parameters
from seqwright.optim.clip import clip_scale
from seqwright.types import Array

__all__ = ["Adam"]


class Adam:
    """Adam with decoupled weight decay and clipping of the gradient.

    Parameters
    ----------
    learning_rate : float, default 1e-3
        α; can be changed between updates.
    rate : float, optional
        Alias of `learning_rate`.
    betas : (float, float), default (0.9, 0.999)
        Decay rates β1 and β2 of the moments.
    eps : float, default 1e-8
        ε, added to the root of the second moment.
    weight_decay : float, default 0
        Decay of the parameters in each step, times the learning rate.
    clip_norm : float or None, default 5
        Greatest norm of the whole gradient; None for no limit.

    Attributes
    ----------
    m, v : ndarray
        Moments, of the size of the flat parameter vector; allocated by the first update.
    step : int
        Updates so far.

    References
    ----------
    Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
    Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
    """

    learning_rate: float
    betas: tuple[float, float]
    eps: float
    weight_decay: float
    clip_norm: float | None
    step: int

    def __init__(
        self,
        learning_rate: float = 1e-3,
        *,
        rate: float | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        clip_norm: float | None = 5.0,
    ) -> None:
        self.learning_rate = learning_rate if rate is None else rate
        self.betas, self.eps, self.weight_decay, self.clip_norm = betas, eps, weight_decay, clip_norm
        self.step = 0
        self.m: Array = np.empty(0)
        self.v: Array = np.empty(0)

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
        if self.step == 0:
            self.m, self.v = np.zeros_like(params.flat), np.zeros_like(params.flat)
        self.step += 1
        kernels.adam_update(
            params.flat,
            grads.flat,
            self.m,
            self.v,
            self.learning_rate,
            *self.betas,
            self.eps,
            self.weight_decay,
            self.step,
            scale,
        )
        return norm
