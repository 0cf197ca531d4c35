"""Empty sources have empty answers, unless training had empty sources or the model is older than that rule."""

import dataclasses

import msgspec
import pytest

import seqwright
from seqwright import config
from seqwright.data.limits import Limits
from seqwright.inference import Options
from seqwright.inference.translator import Translator

TINY = ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=1", "training.report=false"]


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


def test_an_empty_source_has_an_empty_answer(model):
    for n_best, sampling in ((1, False), (3, False), (3, True)):
        answers = model.answer(["", "abc", " "], options=Options(n_best=n_best, sampling=sampling))
        assert [answer.text for answer in answers][::2] == ["", ""]
        assert [len(answer.hypotheses) for answer in answers][::2] == [1, 1]
        assert answers[0].flags == ("empty",)
        assert answers[0].confidence == 1
        assert answers[2].flags == ("unknown:U+0020", "empty")
        assert "empty" not in answers[1].flags


def test_what_is_empty_for_dropped_symbols_is_not_certain(model):
    [answer] = model.answer(["жя"], options=Options(unknown="drop"))
    assert (answer.text, answer.confidence) == ("", 0)
    assert answer.flags == ("unknown:ж", "unknown:я", "empty")


def test_a_constraint_is_stronger(model):
    [answer] = model.answer([""], options=Options(constraint=model.constraint(one_of=["abc"])))
    assert answer.text == "abc"
    [answer] = model.answer([""], options=Options(constraint=model.constraint(allow="abc")))
    assert answer.flags == ("empty",)


@pytest.mark.parametrize(("empty", "shortest"), [("\tnothing\n", 0), ("", 1)])
@pytest.mark.parametrize("features", ["", "\tV;PST"])
def test_a_model_records_whether_training_had_empty_sources(tmp_path, reversals, empty, shortest, features):
    lines = [line + features for line in (reversals + empty + "a\tb\n").splitlines()]
    (tmp_path / "pairs.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    seqwright.train(tmp_path / "pairs.tsv", output=tmp_path / "model", config=config.parse({}, TINY))
    model = seqwright.load(tmp_path / "model")
    assert model.bundle.limits.shortest_source == shortest
    [answer] = model.answer([""], features=["V;PST"] if features else None)
    assert ("empty" in answer.flags) == (shortest > 0)


def test_an_old_model_answers_an_empty_source_as_before(model):
    limits = msgspec.structs.replace(model.bundle.limits, shortest_source=None)
    old = Translator(msgspec.structs.replace(model.bundle, limits=limits))
    [answer] = old.answer([""])
    assert "empty" not in answer.flags


def test_joined_limits_are_certain_only_where_both_are():
    one = Limits(5, 2.0, 1, 4, 3)
    assert one.joined(Limits(5, 2.0, 1, 4, 2)).shortest_source == 2
    assert one.joined(Limits(5, 2.0, 1, 4)).shortest_source is None


def test_folding_reads_a_source_in_the_case_that_the_model_knows(model):
    options = Options(fold_case=True)
    folded, plain = model.answer(["AbC", "abc"], options=options)
    assert folded.source == "AbC"
    assert (folded.text, folded.flags, folded.best.score) == (plain.text, (), plain.best.score)
    assert model.answer(["AbC"])[0].flags[:2] == ("unknown:A", "unknown:C")
    assert model.unknown("AbCж", fold_case=True) == ["ж"]
    assert dataclasses.replace(options, fold_case=False) == Options()
