"""Engines: what computes the steps of a training. Our own layers, or PyTorch on any of its devices."""

from seqwright.engines.engine import Engine, Outcome
from seqwright.engines.layers import Layers
from seqwright.engines.start import check, follows, leading, leads, start

__all__ = ["Engine", "Layers", "Outcome", "check", "follows", "leading", "leads", "start"]
