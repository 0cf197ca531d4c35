"""Hyperparameter search: the search space, the study of all trials, and the trainings."""

from seqwright.tuning.run import Tried, Trying, Tuned, tune
from seqwright.tuning.study import Trial

__all__ = ["Trial", "Tried", "Trying", "Tuned", "tune"]
