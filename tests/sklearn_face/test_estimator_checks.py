"""scikit-learn's own checks of an estimator.

They make their data of numbers, and skip whatever takes text. So those that need no data see the transducer itself, and
the others see a transducer over their numbers in writing.

Not run, because scikit-learn leaves them out where it does not validate data itself: that complex numbers, NaN and
infinity, objects, an X of one dimension and another number of columns than in `fit` are refused. A text can be none of
these. Nor is what only classifiers, regressors, transformers, clusterers, or estimators with sample weights promise.
"""

import zlib

import numpy as np
import pytest
from sklearn.utils import estimator_checks

from seqwright.sklearn import SequenceTransducer

pytest.importorskip("sklearn", minversion="1.6", reason="older checks cannot be told what does not apply")

TINY = {"epochs": 1, "hidden_size": 2, "beam": 1, "settings": ("model.embedding_size=2", "training.batch_size=64")}
WITHOUT_DATA = [
    estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_estimators_unfitted,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_mixin_order,
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_requires_y_none,
    estimator_checks.check_set_params,
    estimator_checks.check_valid_tag_types,
]
SPARSE = "a sparse matrix holds no text, and is refused by what writes the numbers down, in words of its own"
DOES_NOT_APPLY = {
    "check_estimator_sparse_array": SPARSE,
    "check_estimator_sparse_matrix": SPARSE,
    "check_estimator_sparse_tag": SPARSE,
    "check_fit2d_1sample": "one pair is refused, in the words of a training and not in those the check looks for",
}


class OfNumbers(SequenceTransducer):
    """Learns rows of numbers as texts; an answer is a number that stands for its text."""

    def fit(self, X, y):
        return super().fit(written(X), [str(target) for target in y])

    def predict(self, X):
        return np.array([zlib.crc32(answer.encode()) for answer in super().predict(written(X))], float)

    def score(self, X, y):
        return float(np.mean(self.predict(X) == y))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = False
        tags.input_tags.two_d_array = True
        return tags


def written(X):
    return [" ".join(f"{number:.2f}" for number in row) for row in np.asarray(X)]


@pytest.mark.parametrize("check", WITHOUT_DATA, ids=lambda check: check.__name__)
def test_a_check_without_data_passes(check):
    check("SequenceTransducer", SequenceTransducer())


@estimator_checks.parametrize_with_checks([OfNumbers(**TINY)], expected_failed_checks=lambda _: DOES_NOT_APPLY)
def test_a_check_passes_over_numbers_in_writing(estimator, check):
    check(estimator)
