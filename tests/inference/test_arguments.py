"""Calls with something other than lists of texts are refused, in words."""

import pytest

import seqwright
from seqwright.errors import UsageError


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


CALLS = {
    "predict": lambda model, given: model.predict(given),
    "predict_iter": lambda model, given: list(model.predict_iter(given)),
    "answer": lambda model, given: model.answer(given),
    "score": lambda model, given: model.score(given, ["abc"]),
    "align": lambda model, given: model.align(given, ["abc"]),
    "score's targets": lambda model, given: model.score(["abc"], given),
    "predict's features": lambda model, given: model.predict(["abc"], features=given),
    "predict_iter's features": lambda model, given: list(model.predict_iter(["abc"], features=given)),
    "one_of": lambda model, given: model.constraint(one_of=given),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("given", ["tomato", b"tomato", 7, [3], [None], ["abc", float("nan")]], ids=repr)
def test_what_is_no_list_of_texts_is_refused(model, call, given):
    with pytest.raises(UsageError, match=r"pass|expected"):
        call(model, given)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_lists_of_other_numbers_are_refused(model, n):
    for call in (
        lambda: model.predict(["abc", "b"], features=["V"] * n),
        lambda: list(model.predict_iter(["abc", "b"], features=["V"] * n)),
        lambda: model.score(["abc", "b"], ["abc"] * n),
    ):
        with pytest.raises(UsageError, match="one for each"):
            call()


def test_any_iterable_of_texts_is_read(model):
    sources = ["abc", "b"]
    expected = [h.text for [h] in model.predict(sources)]
    assert [h.text for [h] in model.predict(tuple(sources))] == expected
    assert [h.text for [h] in model.predict(dict.fromkeys(sources))] == expected
    assert [h.text for [h] in model.predict(iter(sources))] == expected
    assert [h.text for [h] in model.predict_iter(iter(sources))] == expected
