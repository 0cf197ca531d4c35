"""Constraints and ways to search, as options of `predict`."""

import re

import pytest


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("abc\n\nhgfab\nжa\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("how", [[], ["--beam", 1], ["--sample", "--seed", 3], ["--groups", 2]])
def test_every_answer_satisfies_the_constraint(seqwright, model, lines, tmp_path, how):
    names = tmp_path / "names.txt"
    names.write_text("abba\nhehe\n", encoding="utf-8")
    for wanted, holds in (
        (["--prefix", "ce"], "ce.*"), (["--allow", "ab"], "[ab]*"), (["--one-of", names], "abba|hehe"),
        (["--pattern", "[a-c]{3}d*"], "[a-c]{3}d*"), (["--min-length", 9], ".{9,}"), (["--max-length", 1], ".?"),
        (["--prefix", "a", "--allow", "abc", "--min-length", 5], "a[abc]{4,}"),
    ):  # fmt: skip
        result = seqwright("predict", model, lines, *wanted, *how)
        assert result.code == 0, result
        answers = result.out.split("\n")[:-1]
        assert len(answers) == 4
        assert all(re.fullmatch(holds, answer) for answer in answers), (wanted, answers)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (["--prefix", "ж"], ["'ж' is not in the vocabulary"]), (["--pattern", "(a"], ["never closed"]),
        (["--prefix", "a", "--pattern", "b+"], ["no answer can meet"]),
        (["--prefix", "abc", "--max-length", 2], ["3 tokens", "2"]), (["--top-p", 0], ["--top-p"]),
        (["--min-length", 3, "--max-length", 2], ["min_length", "max_length"]),
    ],
)  # fmt: skip
def test_what_cannot_be_met_is_refused_before_anything_is_answered(seqwright, model, lines, wanted, words):
    message = seqwright("predict", model, lines, *wanted).refused(2)
    assert all(word in message for word in words), message
