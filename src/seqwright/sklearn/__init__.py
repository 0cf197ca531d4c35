"""A scikit-learn estimator: it can be cloned, searched over, cross-validated and pickled.

`fit` trains as `seqwright.train` does, and a pickle holds the files of a model directory. All pairs are held in memory;
for larger files use `seqwright.train`.

    from sklearn.model_selection import GridSearchCV
    grid = {"hidden_size": [64, 128], "model__dropout": [0.0, 0.2]}
    search = GridSearchCV(SequenceTransducer(epochs=20), grid).fit(words, pronunciations)
    search.predict(["tomato"])
"""

from seqwright.sklearn.inputs import InputError
from seqwright.sklearn.settings import ParameterError
from seqwright.sklearn.transducer import SequenceTransducer

__all__ = ["InputError", "ParameterError", "SequenceTransducer"]
