"""Known sources are answered as they are known, the others by the model."""

import pytest

import seqwright
from seqwright.data.readers import Pair
from seqwright.data.text import TextFormat
from seqwright.errors import UsageError
from seqwright.inference import Options
from seqwright.inference.dictionary import Dictionary

PAIRS = [
    Pair("abc", "x"),
    Pair("abc", "y"),
    Pair("caf\u00e9", "k"),
    Pair("a", "z", "V;PST"),
    Pair("gone", ""),
    Pair("", ""),
]


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


@pytest.fixture(scope="module")
def dictionary():
    return Dictionary(PAIRS, TextFormat(), TextFormat())


def test_known_sources_are_answered_exactly_and_marked_and_the_rest_by_the_model(model, dictionary):
    sources = ["bcd", "abc", "cafe\u0301", "gone", "", "жя"]
    answers = model.answer(sources, options=Options(dictionary=dictionary, n_best=2, unknown="error"))
    alone = model.answer(sources, options=Options(n_best=2, unknown="error"))
    assert [a.flags == ("lexicon",) for a in answers] == [False, True, True, True, False, False]
    assert [h.text for h in answers[1].hypotheses] == ["x", "y"]
    assert [a.text for a in answers[2:4]] == ["k", ""]
    for i in (0, 4, 5):
        assert [h.text for h in answers[i].hypotheses] == [h.text for h in alone[i].hypotheses]
        assert answers[i].flags == alone[i].flags


def test_features_belong_to_what_is_known(dictionary):
    assert dictionary.look_up("a") == []
    assert dictionary.look_up("a", "V;PST") == [("z", ["z"])]
    assert len(dictionary) == 4


def test_a_dictionary_and_a_constraint_are_refused_together(model, dictionary):
    with pytest.raises(UsageError, match="choose one"):
        Options(dictionary=dictionary, constraint=model.constraint(prefix="a"))


def test_the_command_reads_a_lexicon(tmp_path, trained, capfd):
    from seqwright.cli.main import main

    (tmp_path / "lexicon.tsv").write_text("abc\tknown\n", encoding="utf-8")
    (tmp_path / "lines.txt").write_text("abc\nbcd\n", encoding="utf-8")
    code = main(["predict", str(trained), str(tmp_path / "lines.txt"), "--lexicon", str(tmp_path / "lexicon.tsv")])
    out, err = capfd.readouterr()
    assert (code, out.split("\n")[0]) == (0, "known")
    assert "1 answered from the lexicon" in err
