"""How sure an answer is, and what is done about one that is not."""

import msgspec
import numpy as np
import pytest

import seqwright
from seqwright import evaluation
from seqwright.cli import records
from seqwright.data.readers import Pair
from seqwright.errors import ModelError, UsageError
from seqwright.inference import Options, calibration
from seqwright.inference.translator import Translator


def test_a_fit_finds_the_curve_that_the_answers_were_drawn_from():
    rng = np.random.default_rng(0)
    totals = -rng.exponential(2.0, 20_000)
    right = rng.random(20_000) < 1 / (1 + np.exp(-(1.7 * totals + 2.0)))
    found = calibration.fit(totals, right)
    assert (found.slope, found.intercept) == (pytest.approx(1.7, rel=0.1), pytest.approx(2.0, rel=0.1))
    assert found.ece < 0.02
    assert calibration.expected_calibration_error([0.9] * 4, [True, True, True, False]) == pytest.approx(0.15)


@pytest.mark.parametrize("right", [[True] * 5, [False] * 5, [True]])
@pytest.mark.parametrize("totals", [[-1.0] * 5, [-1.0, -2.0, -np.inf, -0.1, 0.0]])
def test_a_fit_is_finite_also_where_nothing_can_be_told_apart(totals, right):
    found = calibration.fit(totals[: len(right)], right)
    assert 0 < found.confidence([-1.0]) < 1
    assert 0 <= found.confidence([-np.inf]) <= 1


def calibrated(model, told):
    return Translator(msgspec.structs.replace(model.bundle, manifest={**model.bundle.manifest, "calibration": told}))


def test_an_answer_below_the_confidence_asked_for_is_left_empty(trained):
    model = seqwright.load(trained)
    pairs = [Pair(a + b, b + a) for a in "abcd" for b in "efgh"]
    fitted = evaluation.calibrate(evaluation.evaluate(model, pairs).answered)
    sure = calibrated(model, msgspec.to_builtins(fitted))
    [plain] = sure.answer(["abc"])
    assert plain.confidence == pytest.approx(fitted.confidence(plain.best.log_probs))
    [left] = sure.answer(["abc"], options=Options(min_confidence=1.0))
    assert (left.text, left.flags[-1]) == ("", "unsure")
    assert left.best.text == plain.text
    assert records.as_plain(left, n_best=1, scores=False, alignment=False) == ""
    bare = seqwright.Translator(msgspec.structs.replace(model.bundle, manifest={}))
    with pytest.raises(UsageError, match="calibrated"):
        bare.answer(["abc"], options=Options(min_confidence=0.5))


@pytest.mark.parametrize("told", [None, 3, {}, {"slope": "x"}, {"slope": 1e300, "intercept": 0, "n": 1, "ece": 0}])
def test_a_damaged_calibration_is_refused(trained, told):
    with pytest.raises(ModelError, match="calibration"):
        calibrated(seqwright.load(trained), told)
