"""How far an evaluation has come, told while it goes on."""

import itertools

import pytest

import seqwright
from seqwright import evaluation
from seqwright.data.readers import Pair
from seqwright.evaluation import measure

PAIRS = [Pair(a + b, b + a) for a, b in itertools.product("abcdefgh", repeat=2)]


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


@pytest.fixture
def few(monkeypatch):
    """Let seven sources be answered together."""
    monkeypatch.setattr(measure, "CHUNK", 7)


def measured(model, listen):
    return said(evaluation.evaluate(model, PAIRS, listen=listen))


def measured_twice(model, listen):
    one, other = map(said, evaluation.evaluate_each([model, model], PAIRS, beam=5, listen=listen))
    assert one == other


def compared(model, listen):
    return evaluation.compare(model, model, PAIRS, listen=listen)


def said(found):
    return [(one.source, one.hypotheses[0].text, one.hypotheses[0].score) for one in found.answered]


@pytest.mark.parametrize(("evaluate", "times"), [(measured, 1), (measured_twice, 2), (compared, 2)])
@pytest.mark.usefixtures("few")
def test_every_portion_is_told_up_to_the_last(evaluate, times, model):
    heard = []
    evaluate(model, lambda done, n: heard.append((done, n)))
    done, wholes = zip(*heard, strict=True)
    assert set(wholes) == {times * len(PAIRS)}
    assert done == tuple(sorted(set(done)))
    assert len(done) == times * 10
    assert done[-1] == times * len(PAIRS)


@pytest.mark.parametrize("evaluate", [measured, compared])
def test_portions_change_nothing(evaluate, model, request):
    whole = evaluate(model, lambda _done, _n: None)
    request.getfixturevalue("few")
    assert evaluate(model, lambda _done, _n: None) == whole
