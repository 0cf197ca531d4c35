"""From a file of pairs to a model directory: what is found from the data, the loop, its events and what it writes."""

from seqwright.training.completed import completed
from seqwright.training.fine_tune import check_fine_tune
from seqwright.training.manifest import recall
from seqwright.training.output import DISTILLED, check_output
from seqwright.training.stages import train

__all__ = ["DISTILLED", "check_fine_tune", "check_output", "completed", "recall", "train"]
