"""Knowledge distillation: a small model is trained on the answers of a larger one, which are kept on disk."""

from seqwright.distillation.run import Distilled, Figures, distill
from seqwright.distillation.transfer_set import Answering

__all__ = ["Answering", "Distilled", "Figures", "distill"]
