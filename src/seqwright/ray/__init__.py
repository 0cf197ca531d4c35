"""Prediction, ensembles and hyperparameter searches on a Ray cluster; needs the extra `seqwright[ray]`."""

from seqwright.ray.predicting import Predicted, connect, predict, predict_files

__all__ = ["Predicted", "connect", "predict", "predict_files"]
