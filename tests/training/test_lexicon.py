"""Pairs that a model is given at training to answer just so: kept with it, looked up first, left out on demand."""

import json
import shutil

import pytest

import seqwright
from seqwright import evaluation, training
from seqwright.cli.main import main
from seqwright.config import parse
from seqwright.data.readers import Pair
from seqwright.errors import DataError, ModelError
from seqwright.inference import Options

LEXICON = "abc\tah\nabc\thab\nc\u00e9\tgag\nzzz\t\n"
SOURCES = ["abc", "ce\u0301", "zzz", "bcd"]
TINY = [
    "model.hidden_size=8",
    "model.embedding_size=4",
    "training.epochs=2",
    "training.cross_validation=0",
    "training.report=false",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, reversals):
    folder = tmp_path_factory.mktemp("lexicon")
    (folder / "pairs.tsv").write_text(reversals, encoding="utf-8")
    (folder / "lexicon.tsv").write_text(LEXICON, encoding="utf-8")
    config = parse({}, [*TINY, f"training.lexicon={json.dumps(str(folder / 'lexicon.tsv'))}"])
    training.train(folder / "pairs.tsv", output=folder / "model", config=config)
    training.train(folder / "pairs.tsv", output=folder / "plain", config=parse({}, TINY))
    (folder / "lexicon.tsv").unlink()  # the model has its own
    return folder


@pytest.fixture
def model(folder):
    return seqwright.load(folder / "model")


@pytest.fixture
def plain(folder):
    return seqwright.load(folder / "plain")


def texts(answers):
    return [[h.text for h in answer.hypotheses] for answer in answers]


def test_a_model_answers_what_it_was_given_and_searches_the_rest(model, plain):
    answers = model.answer(SOURCES, options=Options(n_best=2))
    assert texts(answers[:3]) == [["ah", "hab"], ["gag"], [""]]
    assert [answer.flags == ("lexicon",) for answer in answers] == [True, True, True, False]
    assert texts(answers[3:]) == texts(plain.answer(SOURCES[3:], options=Options(n_best=2)))


def test_it_does_not_learn_from_them_and_may_leave_them_out(model, plain):
    assert texts(model.answer(SOURCES, options=Options(lexicon=False))) == texts(plain.answer(SOURCES))
    assert model.bundle.manifest["calibration"] == plain.bundle.manifest["calibration"]
    assert model.bundle.manifest["scores"] == plain.bundle.manifest["scores"]
    right = [Pair("abc", "hab"), Pair("abc", "ah")]
    assert evaluation.evaluate(model, right).scores.exact == 100
    assert evaluation.evaluate(model, right, lexicon=False).scores.exact == 0


def test_what_is_looked_up_meets_what_is_asked_of_answers(model):
    hab = model.constraint(prefix="h")
    assert texts(model.answer(["abc"], options=Options(n_best=2, constraint=hab)))[0] == ["hab"]
    assert texts(model.answer(["abc"], options=Options(min_length=3, n_best=9, beam=9)))[0] == ["hab"]
    assert texts(model.answer(["abc"], options=Options(max_length=2)))[0] == ["ah"]
    [searched] = model.answer(["abc"], options=Options(constraint=model.constraint(one_of=["gg"])))
    assert (searched.text, searched.flags) == ("gg", ())


def test_a_lexicon_of_the_moment_goes_before_that_of_the_model(folder, model):
    (folder / "other.tsv").write_text("abc\tother\n", encoding="utf-8")
    dictionary = evaluation.read_dictionary(model, folder / "other.tsv")
    assert texts(model.answer(SOURCES[:2], options=Options(dictionary=dictionary))) == [["other"], ["gag"]]


def test_the_commands_keep_use_show_and_ignore_it(folder, capfd):
    (folder / "again.tsv").write_text(LEXICON, encoding="utf-8")
    (folder / "lines.txt").write_text("abc\n", encoding="utf-8")
    train = [
        "train",
        str(folder / "pairs.tsv"),
        "-o",
        str(folder / "cli"),
        "--lexicon",
        str(folder / "again.tsv"),
        "-q",
    ]
    assert main([*train, *(word for setting in TINY for word in ("--set", setting))]) == 0
    capfd.readouterr()
    predict = ["predict", str(folder / "cli"), str(folder / "lines.txt"), "--quiet"]
    assert (main(predict), capfd.readouterr().out) == (0, "ah\n")
    assert main([*predict, "--no-lexicon"]) == 0
    assert capfd.readouterr().out != "ah\n"
    assert main(["inspect", str(folder / "cli")]) == 0
    assert "lexicon     4 pairs" in capfd.readouterr().out


def test_a_lexicon_of_another_model_or_a_damaged_one_is_refused(folder, tmp_path):
    copy = tmp_path / "model"
    for damaged, message in [('{"stamp": "x", "pairs": []}', "another model"), ("[1]", "damaged"), (None, "missing")]:
        shutil.copytree(folder / "model", copy, dirs_exist_ok=True)
        if damaged is None:
            (copy / "lexicon.json").unlink()
        else:
            (copy / "lexicon.json").write_text(damaged, encoding="utf-8")
        with pytest.raises(ModelError, match=message):
            seqwright.load(copy)


def test_a_lexicon_that_is_not_there_is_an_error_before_the_training(folder):
    config = parse({}, [*TINY, 'training.lexicon="nowhere.tsv"'])
    with pytest.raises(DataError, match=r"nowhere\.tsv"):
        training.train(folder / "pairs.tsv", output=folder / "never", config=config)
    assert not (folder / "never" / "config.json").exists()
