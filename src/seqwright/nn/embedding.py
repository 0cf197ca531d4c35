"""Embedding: a row of W for every id."""

from seqwright import kernels
from seqwright.nn.cache import Cache
from seqwright.nn.parameters import Declared, Role
from seqwright.types import Array, Ids

__all__ = ["backward", "declared", "forward"]


def declared(V: int, D: int) -> Declared:
    """Return the parameter W."""
    return Declared((V, D), Role.EMBEDDING, contracted=1, vocabulary=0)


def forward(W: Array, ids: Ids, cache: Cache) -> Array:
    """Return W[ids].   W (V, D).   ids (T, B) -> (T, B, D)."""
    cache["ids"] = ids
    out = cache.new("out", (*ids.shape, W.shape[1]))
    kernels.embedding_forward(W, ids, out)
    return out


def backward(dout: Array, dW: Array, cache: Cache) -> None:
    """Add the gradient of every row that was used to dW.   dout (T, B, D)."""
    kernels.embedding_backward(dout, cache["ids"], dW)
