"""Clipping by the norm of the whole gradient."""

import math

from seqwright import kernels
from seqwright.types import Array

__all__ = ["clip_scale"]


def clip_scale(grads: Array, clip_norm: float | None) -> tuple[float, float]:
    """Return (norm of grads, factor at most 1 that scales it to clip_norm).

    grads (N,).   Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", algorithm 1.
    """
    norm = math.sqrt(kernels.squared_norm(grads))
    return norm, 1.0 if clip_norm is None or norm <= clip_norm else clip_norm / norm
