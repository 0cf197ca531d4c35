"""Prediction, ensembles and hyperparameter searches on a Ray cluster; needs the extra `seqwright[ray]`."""

from seqwright.ray.connecting import connect
from seqwright.ray.executing import Cluster
from seqwright.ray.predicting import Predicted, predict, predict_files

__all__ = ["Cluster", "Predicted", "connect", "predict", "predict_files"]
