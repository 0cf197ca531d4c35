"""Adam, with decoupled weight decay."""

import math

import numpy as np

from seqwright import kernels
from seqwright.nn.parameters import Parameters
from seqwright.optim.clip import clip_scale
from seqwright.types import Array

__all__ = ["Adam"]


class Adam:
    """Kingma & Ba 2015, algorithm 1; decoupled weight decay as in Loshchilov & Hutter 2019, algorithm 2.

    learning_rate: α, which `rate` sets too.   betas: β1 and β2.   eps: ε.   clip_norm: greatest norm of the whole
    gradient, None for no limit.
    Its moments `m` and `v` have the size of the flat parameter vector and are made at the first update.
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
        """Change params by one step along grads; return the norm of the gradient before clipping.

        A gradient whose norm is not finite changes nothing.
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
