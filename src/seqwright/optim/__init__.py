"""Optimisers of one flat parameter vector, with clipping by the norm of the gradient."""

from seqwright.optim.adam import Adam
from seqwright.optim.sgd import SGD

__all__ = ["SGD", "Adam"]
