"""A small model that learns from a teacher's answers: what the teacher says, kept on disk, and the training on it."""

from seqwright.distillation.lessons import Answering
from seqwright.distillation.run import Distilled, Figures, distill

__all__ = ["Answering", "Distilled", "Figures", "distill"]
