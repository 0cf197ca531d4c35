"""Clipping and Adam on one flat vector."""

import numpy as np

from seqwright.types import Array

__all__ = ["adam_update", "squared_norm"]


def squared_norm(x: Array) -> float:
    """Return Σ x², summed in float64.   x (N,)."""
    return float(np.einsum("i,i->", x, x, dtype=np.float64))


def adam_update(
    params: Array,
    grads: Array,
    m: Array,
    v: Array,
    rate: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    step: int,
    scale: float,
) -> None:
    """Take one step of Adam on params with the gradient scale · grads; params, m and v (N,) change in place.

    Kingma & Ba 2015, algorithm 1; `step` counts from 1.   scale: factor of gradient clipping.
    weight_decay: decoupled (Loshchilov & Hutter 2019, algorithm 2), 0 disables.
    """
    g = grads * params.dtype.type(scale)
    m *= beta1
    m += (1 - beta1) * g
    v *= beta2
    v += (1 - beta2) * g * g
    m_hat = m / (1 - beta1**step)
    v_hat = v / (1 - beta2**step)
    if weight_decay:
        params *= 1 - rate * weight_decay
    params -= rate * m_hat / (np.sqrt(v_hat) + eps)
