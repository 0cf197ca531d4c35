"""The figures of `evaluate` are those of the answers that `predict` gives."""

import json

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
        "ter": pytest.approx(100 / n_tokens),
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
