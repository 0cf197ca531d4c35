"""Initial values of the parameters."""

import numpy as np

from seqwright.nn.parameters import Parameters

__all__ = ["article_"]


def article_(params: Parameters, rng: np.random.Generator) -> None:
    """Fill params as the article does: embeddings N(0, 1) / 100, other matrices N(0, 1) / √rows, biases zero."""
    for name, array in params.named.items():
        if array.ndim == 1:
            array[:] = 0
            continue
        scale = 1 / 100 if name.endswith("embedding.W") else 1 / np.sqrt(len(array))
        array[:] = rng.standard_normal(array.shape) * scale
