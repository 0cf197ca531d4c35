"""The sum of selected rows of an embedding: the representation of a set of features."""

import numpy as np
import numpy.typing as npt

from seqwright.nn import embedding
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["backward", "forward"]


def forward(W: Array, ids: Ids, chosen: npt.NDArray[np.bool_], cache: Cache) -> Array:
    """Return Σ_s W[ids_s] over the chosen s, (B, D).   W (V, D).   ids, chosen (S, B)."""
    cache["chosen"] = chosen
    rows = embedding.forward(W, ids, cache.of("rows"))
    return np.sum(rows, axis=0, where=chosen[:, :, None], out=cache.new("out", rows.shape[1:]))


def backward(dout: Array, dW: Array, cache: Cache) -> None:
    """Add dout (B, D) to the gradient of every row that was chosen, once for each time."""
    chosen = cache["chosen"]
    drows = cache.new("drows", (*chosen.shape, dout.shape[1]))
    np.multiply(dout, chosen[:, :, None], out=drows)
    embedding.backward(drows, dW, cache.of("rows"))
