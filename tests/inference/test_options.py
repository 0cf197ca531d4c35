"""What may be asked of a model, and that every answer obeys."""

import math
import re

import numpy as np
import pytest

import seqwright
from seqwright.errors import ConstraintError, UsageError
from seqwright.inference import Options
from seqwright.search import automaton

SOURCES = ["abc", "", "hgfab", "aжb"]


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


def said(model, **options):
    return [h.text for found in model.predict(SOURCES, options=Options(n_best=4, **options)) for h in found]


SAMPLING = [{}, {"beam": 1}, {"sampling": True}, {"groups": 2}]


@pytest.mark.parametrize("how", SAMPLING)
@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ({"prefix": "hh"}, lambda text: text.startswith("hh")),
        ({"allow": "ab"}, lambda text: set(text) <= set("ab")),
        ({"one_of": ["abc", "hhhhhhhh", "cab", "жж"]}, lambda text: text in {"abc", "hhhhhhhh", "cab"}),
        ({"pattern": "[a-d]+e?"}, lambda text: re.fullmatch("[a-d]+e?", text)),
        ({"prefix": "a", "pattern": "[a-d]{2,}", "min_length": 4}, lambda text: re.fullmatch("a[a-d]{3,}", text)),
        ({"pattern": "[ab]{40}"}, lambda text: re.fullmatch("[ab]{40}", text)),  # longer than the limit found
    ],
)
def test_every_answer_meets_the_constraints(model, how, wanted, holds):
    found = said(model, constraint=model.constraint(**wanted), **how)
    assert len(found) >= len(SOURCES)
    assert all(map(holds, found)), found


@pytest.mark.parametrize(
    "wanted", [{"prefix": "aж"}, {"allow": "ж"}, {"one_of": []}, {"one_of": ["ж"]}, {"prefix": "a", "pattern": "b.*"}]
)
def test_constraints_that_no_answer_can_meet_are_refused(model, wanted):
    with pytest.raises(ConstraintError):
        model.constraint(**wanted)


def test_constraints_that_need_more_than_the_greatest_length_are_refused(model):
    with pytest.raises(ConstraintError, match="need 3 tokens, max_length is 2"):
        said(model, constraint=model.constraint(prefix="abc"), max_length=2)


@pytest.mark.parametrize("how", SAMPLING)
def test_lengths_are_kept(model, how):
    assert all(len(text) == 7 for text in said(model, min_length=7, max_length=7, **how))
    assert all(len(text) >= 60 for text in said(model, min_length=60, **how))


def test_a_sample_depends_on_source_and_seed_alone(model):
    options = Options(sampling=True, n_best=3, seed=5)
    together = model.predict(SOURCES * 2, options=options)
    for source, found in zip(SOURCES * 2, together, strict=True):
        [alone] = model.predict([source], options=options)
        assert [h.tokens for h in alone] == [h.tokens for h in found]
    assert said(model, sampling=True, seed=6) != said(model, sampling=True, seed=5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0.0},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"min_length": 3, "max_length": 2},
    ],
)
def test_options_that_mean_nothing_are_refused(wrong):
    with pytest.raises(UsageError):
        Options(**wrong)


def test_an_answer_scored_again_has_the_score_it_was_found_with(model):
    answers = model.answer(list(filter(None, SOURCES * 20)), options=Options(beam=3))
    again = model.score([a.source for a in answers], [a.text for a in answers])
    for first, second in zip(answers, again, strict=True):
        assert second.best.tokens == first.best.tokens
        np.testing.assert_allclose(second.best.log_probs, first.best.log_probs, atol=1e-4)
        assert second.best.score == pytest.approx(first.best.score, abs=1e-4)
        np.testing.assert_allclose(second.best.alignment, first.best.alignment, atol=1e-4)


def test_links_of_given_pairs_name_a_source_token_for_each_of_the_target(model):
    links = model.align(["abc", "", "a"], ["ab", "ab", ""])
    assert [t for _, t in links[0]] == [0, 1]
    assert links[1:] == [[], []]


def test_a_target_that_the_model_never_says_has_no_probability_and_says_so(model):
    [record] = model.score(["abc"], ["aжb"])
    assert record.best.score == -np.inf
    assert record.flags == ("unknown-target:ж",)


def test_a_stream_of_sources_is_answered_like_a_list(model):
    sources = SOURCES * 5
    streamed = model.predict_iter(iter(sources), beam=2, chunk=7)
    for first, second in zip(model.predict(sources, beam=2), streamed, strict=True):
        assert [h.text for h in first] == [h.text for h in second]


def test_no_more_of_a_stream_is_read_than_a_chunk_ahead(model):
    read = []
    answers = model.predict_iter((read.append(s) or s for s in ["abc"] * 100), beam=1, chunk=10)
    next(answers)
    assert len(read) == 10


def test_a_constraint_of_another_model_is_refused(model):
    other = automaton.listed([[len(model.bundle.target.vocabulary)]])
    with pytest.raises(UsageError, match="another model"):
        model.answer(["abc"], options=Options(constraint=other))


@pytest.mark.parametrize("name", ["length_norm", "length_penalty"])
def test_exponents_of_lengths_leave_no_score_out_of_range(name):
    for value in (21.0, 1e300):
        with pytest.raises(UsageError, match=f"{name} = .*: expected at most 20"):
            Options(**{name: value})
    ranking = Options(**{name: 20.0}).ranking
    assert all(math.isfinite(ranking.score(-50.0, n, None)) for n in (1, 2, 4096))


def test_a_negative_exponent_is_bounded_as_well():
    with pytest.raises(UsageError, match="expected at most 20"):
        Options(length_norm=-1e16)
    assert Options(length_norm=-1.0).ranking.score(-2.0, 3, None) == -6.0
