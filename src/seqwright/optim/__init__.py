"""Optimisers on one flat vector, after clipping by its norm."""

from seqwright.optim.adam import Adam
from seqwright.optim.sgd import SGD

__all__ = ["SGD", "Adam"]
