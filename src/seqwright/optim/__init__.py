"""Optimisers on one flat vector, behind clipping by its norm."""

from seqwright.optim.adam import Adam
from seqwright.optim.sgd import SGD

__all__ = ["SGD", "Adam"]
