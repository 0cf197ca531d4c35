"""The figures of `evaluate` are those of the answers that `predict` gives."""

import json
import re

import pytest


@pytest.fixture
def answers(seqwright, model, tmp_path):
    path = tmp_path / "sources.txt"
    path.write_text("abc\nbcd\ncde\n", encoding="utf-8")
    return dict(zip(["abc", "bcd", "cde"], seqwright("predict", model, path).out.splitlines(), strict=True))


def test_right_and_wrong_answers_are_counted(tmp_path, seqwright, model, answers):
    path = tmp_path / "test.tsv"
    path.write_text(f"abc\t{answers['abc']}\nbcd\t{answers['bcd']}x\n", encoding="utf-8")
    scores = json.loads(seqwright("evaluate", model, path, "--json").out)
    n_tokens = len(answers["abc"]) + len(answers["bcd"]) + 1
    assert scores == {
        "n": 2, "errors": 1, "edits": 1, "tokens": n_tokens, "exact": 50.0, "wer": 50.0,
        "ter": pytest.approx(100 / n_tokens), "n_in_training": 0,
    }  # fmt: skip


def test_any_of_several_targets_counts_as_right(tmp_path, seqwright, model, answers):
    path = tmp_path / "test.tsv"
    path.write_text(f"abc\tx\ncde\t{answers['cde']}\nabc\t{answers['abc']}\n\n", encoding="utf-8")
    assert json.loads(seqwright("evaluate", model, path, "--json").out)["exact"] == 100
    result = seqwright("evaluate", model, path)
    assert "2 of 2 sources" in result.out
    assert "wrong, for example" not in result.out


def test_wrong_answers_are_shown_with_the_right_ones(tmp_path, seqwright, model, answers):
    path = tmp_path / "test.tsv"
    path.write_text("abc\tx\nabc\ty\n", encoding="utf-8")
    assert f"  abc → {answers['abc']}   (right: x | y)\n" in seqwright("evaluate", model, path).out


@pytest.fixture
def sentences(tmp_path):
    path = tmp_path / "sentences.tsv"
    path.write_text("abc\tthe cat sat on the mat\nbcd\ta dog ran away\n", encoding="utf-8")
    return path


def test_sentences_get_bleu_chrf_and_the_ratio_of_lengths(seqwright, model, sentences):
    scores = json.loads(seqwright("evaluate", model, sentences, "--json").out)
    assert scores["bleu"] < 1
    assert 0 <= scores["chrf"] < 50
    assert "tok:13a" in scores["bleu_signature"]
    assert scores["length_ratio"] >= 0
    out = seqwright("evaluate", model, sentences).out
    assert re.search(r"^BLEU +0\.\d\d$", out, re.MULTILINE)
    assert re.search(r"^length ratio +\d+\.\d\d ", out, re.MULTILINE)


@pytest.mark.parametrize("target", ["x y\n", "HH AH0 L OW1\n", "abc\n"])
def test_targets_that_are_not_sentences_have_bleu_only_with_the_option(tmp_path, seqwright, model, target):
    path = tmp_path / "test.tsv"
    path.write_text(f"abc\t{target}", encoding="utf-8")
    assert "bleu" not in json.loads(seqwright("evaluate", model, path, "--json").out)
    assert "BLEU" not in seqwright("evaluate", model, path).out
    assert "BLEU" in seqwright("evaluate", model, path, "--bleu").out


def test_any_file_of_pairs_can_be_evaluated_on(tmp_path, seqwright, model, answers):
    rows = [("abc", answers["abc"]), ("bcd", answers["bcd"] + "x")]
    lines = [json.dumps({"source": source, "target": target}) + "\n" for source, target in rows]
    (tmp_path / "test.jsonl").write_text("".join(lines), encoding="utf-8")
    for side, name in enumerate(("test.a", "test.b")):
        (tmp_path / name).write_text("".join(row[side] + "\n" for row in rows), encoding="utf-8")
    for path in (tmp_path / "test.jsonl", f"{tmp_path}/test.a,{tmp_path}/test.b", tmp_path / "*.jsonl"):
        assert json.loads(seqwright("evaluate", model, path, "--json").out)["exact"] == 50


def test_sources_that_the_model_was_trained_on_are_counted(tmp_path, seqwright, pairs):
    model, test = tmp_path / "a-model", tmp_path / "test.tsv"
    tiny = "model.hidden_size=4", "model.embedding_size=4", "training.report=false", "training.cross_validation=0"
    options = [part for setting in tiny for part in ("--set", setting)]
    assert seqwright("train", pairs, "-o", model, "--epochs", "1", *options).code == 0
    pairs_of = [line.split("\t") for line in pairs.read_text(encoding="utf-8").splitlines()]
    n_dev = json.loads(seqwright("evaluate", model, "--json").out)["n"]
    sources = dict.fromkeys(source for source, _ in pairs_of)
    test.write_text("".join(f"{one}\tx\n" for one in [*sources, "unseen", "new", *sources]), encoding="utf-8")
    result = seqwright("evaluate", model, test, "--json")
    assert json.loads(result.out)["n_in_training"] == len(sources) - n_dev  # dev sources were held out
    n_all = len(sources) + 2
    assert f"{len(sources) - n_dev} of {n_all} sources are training sources" in result.err.replace(",", "")
    pairs.write_text("changed\tx\n", encoding="utf-8")
    result = seqwright("evaluate", model, test, "--json")
    assert json.loads(result.out)["n_in_training"] is None
    assert re.search("not checked .*: .*pairs.tsv is not the file that was read in training", result.err)
