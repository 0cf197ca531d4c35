"""A search for the configuration that suits the data: what is tried, the record of it, and the trainings."""

from seqwright.tuning.run import Tried, Trying, Tuned, tune
from seqwright.tuning.study import Trial

__all__ = ["Trial", "Tried", "Trying", "Tuned", "tune"]
