"""Initial values of the parameters, by their roles."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from seqwright.nn.parameters import Declared, Parameters, Role

__all__ = ["article_", "drawn", "uniform_"]


def drawn(
    declared: Mapping[str, Declared], values: str, rng: np.random.Generator | None, dtype: npt.DTypeLike
) -> Parameters:
    """Return parameters with initial values, "article" or "uniform", from rng."""
    params, rng = Parameters(declared, dtype), rng or np.random.default_rng()
    article_(params, rng)
    if values == "uniform":  # drawn after the others, so that a seed gives the values that it always gave
        uniform_(params, rng)
    return params


def article_(params: Parameters, rng: np.random.Generator) -> None:
    """Fill params as the article does: embeddings N(0, 1) / 100, other matrices N(0, 1) / √rows, biases zero."""
    for name, array in params.named.items():
        match params.declared[name].role:
            case Role.BIAS | Role.GATE_BIAS:
                array[:] = 0
            case role:
                scale = 1 / 100 if role is Role.EMBEDDING else 1 / np.sqrt(len(array))
                array[:] = rng.standard_normal(array.shape) * scale


def uniform_(params: Parameters, rng: np.random.Generator) -> None:
    """Fill params so that training with a high learning rate begins well.

    Embeddings N(0, 1) / √D; LSTM matrices U(-1, 1) / √H; other matrices U(-1, 1) √(6 / (rows + columns)) (Glorot &
    Bengio 2010, equation 16); biases zero, but that of the forget gates 1 (Jozefowicz et al. 2015).
    """
    for name, array in params.named.items():
        match params.declared[name].role:
            case Role.BIAS:
                array[:] = 0
            case Role.GATE_BIAS:
                H = len(array) // 4
                array[:] = 0
                array[H : 2 * H] = 1
            case Role.EMBEDDING:
                array[:] = rng.standard_normal(array.shape) / np.sqrt(array.shape[1])
            case Role.INPUT | Role.RECURRENT:
                array[:] = rng.uniform(-1, 1, array.shape) / np.sqrt(array.shape[1] // 4)
            case _:
                array[:] = rng.uniform(-1, 1, array.shape) * np.sqrt(6 / sum(array.shape))
