"""A loaded model answers the same from any thread, in any company."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import seqwright
from seqwright.errors import ModelError
from seqwright.inference import Options, searcher


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


@pytest.fixture(scope="module")
def sources():
    rng = np.random.default_rng(1)
    return ["".join(rng.choice(list("abcdefghж"), size=n)) for n in rng.integers(0, 30, size=200)]


def texts(answers):
    return [[(h.text, pytest.approx(h.score, abs=1e-5)) for h in hypotheses] for hypotheses in answers]


def test_eight_threads_get_what_one_gets(model, sources):
    alone = [model.predict([source], beam=3, n_best=2) for source in sources]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda source: model.predict([source], beam=3, n_best=2), sources))
    for first, second in zip(alone, together, strict=True):
        assert [(h.text, h.score, h.log_probs) for h in first[0]] == [(h.text, h.score, h.log_probs) for h in second[0]]


def test_an_answer_does_not_depend_on_its_company_and_order_is_kept(model, sources):
    together = model.predict(sources, beam=3, n_best=2)
    for source, hypotheses in zip(sources[::17], together[::17], strict=True):
        assert texts([hypotheses]) == texts(model.predict([source], beam=3, n_best=2))


def test_answers_come_best_first_and_differ(model, sources):
    for hypotheses in model.predict(sources[:20], beam=4, n_best=4):
        scores = [h.score for h in hypotheses]
        assert scores == sorted(scores, reverse=True)
        assert len({tuple(h.tokens) for h in hypotheses}) == len(hypotheses) <= 4


def test_as_many_are_kept_as_are_asked_for(model):
    assert len(model.predict(["abc"], beam=1, n_best=3)[0]) == 3


def test_a_score_is_the_mean_of_the_log_probabilities(model, sources):
    for (best,) in model.predict(sources[:20], beam=1):
        assert best.score == pytest.approx(np.mean(best.log_probs), abs=1e-6)
        assert len(best.log_probs) == len(best.tokens) + 1


def test_alignment_has_a_row_for_each_token_and_a_column_for_each_of_the_source(model):
    best = model.predict(["abcd"])[0][0]
    assert best.alignment.shape == (len(best.tokens) + 1, 5)
    np.testing.assert_allclose(best.alignment.sum(axis=1), 1, rtol=1e-5)


def test_an_alignment_has_no_columns_for_the_padding_of_its_batch(model, sources):
    for source, (best,) in zip(sources, model.predict(sources, beam=2), strict=True):
        assert best.alignment.shape == (len(best.tokens) + 1, len(source) + 1)


def test_a_source_in_windows_is_answered_as_its_windows_are(model):
    source = "abc defg h" * 3
    [whole] = model.answer([source], options=Options(max_source_tokens=6))
    parts = ["abc ", "defg ", "habc ", "defg ", "habc ", "defg h"]
    assert "windows:6" in whole.flags
    assert whole.text == "".join(best.text for (best,) in model.predict(parts))
    answers = model.answer(parts)
    starts = [0, 4, 9, 14, 19, 24]
    said = [0, *np.cumsum([len(a.best.tokens) for a in answers])]
    expected = [(starts[i] + s, said[i] + t) for i, a in enumerate(answers) for s, t in a.best.links]
    assert whole.best.links == expected
    assert len(whole.best.log_probs) == len(whole.best.tokens) + 1


def test_nothing_asked_is_nothing_answered(model):
    assert model.predict([]) == []


def test_unknown_symbols_are_told_in_order(model):
    assert model.unknown("aжbя") == ["ж", "я"]
    assert model.unknown("a", "V;PST") == ["feature V", "feature PST"]


def test_a_directory_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no such model directory"):
        seqwright.load(tmp_path / "none")


def test_the_first_searches_of_many_threads_pack_the_weights_once(trained, monkeypatch):
    expected = seqwright.load(trained).predict(["abc"])[0][0].text
    packed, pack = [], searcher.Inference

    def slow(network, **options):
        packed.append(network)
        time.sleep(0.05)
        return pack(network, **options)

    monkeypatch.setattr(searcher, "Inference", slow)
    model = seqwright.load(trained)
    assert packed == []
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: model.predict(["abc"])[0][0].text, range(8)))
    assert answers == [expected] * 8
    assert len(packed) == 1
