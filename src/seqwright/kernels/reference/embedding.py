"""Rows of a table, and the gradient of the table."""

import numpy as np

from seqwright.types import Array, Ids

__all__ = ["embedding_backward", "embedding_forward"]


def embedding_forward(W: Array, ids: Ids, out: Array) -> None:
    """Write out[n] = W[ids[n]].

    W (V, D).   ids (...) int32 in [0, V).   out (..., D).
    """
    np.take(W, ids, axis=0, out=out, mode="clip")  # "clip": the default buffers `out`


def embedding_backward(dout: Array, ids: Ids, dW: Array) -> None:
    """Add dout[n] to dW[ids[n]], in the order of n.

    dout (..., D).   ids (...) int32.   dW (V, D).
    """
    np.add.at(dW, ids.reshape(-1), dout.reshape(ids.size, dW.shape[1]))
