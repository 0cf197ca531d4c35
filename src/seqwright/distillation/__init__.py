"""A small model that learns from a teacher's answers: the answers, kept on disk, and the training on them."""

from seqwright.distillation.lessons import Answering
from seqwright.distillation.run import Distilled, Figures, distill

__all__ = ["Answering", "Distilled", "Figures", "distill"]
