"""The search for settings, as the command does it."""

import re
import shlex
import sys

import pytest

QUICK = ["--set", "model.hidden_size=8", "--set", "model.embedding_size=4", "--set", "training.epochs=2"]


@pytest.mark.usefixtures("pairs")
def test_it_prints_all_trials_and_a_command_that_trains_with_the_best(tmp_path, seqwright, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = seqwright("tune", "pairs.tsv", "--trials", 2, *QUICK)
    assert result.code == 0
    title, *rows = result.out.splitlines()
    assert title.split()[:7] == ["trial", "exact", "match", "TER", "epochs", "time", "encoder_layers"]
    assert {row.split()[0] for row in rows[:2]} == {"1", "2"}
    assert re.search(
        r"^trial   1   encoder_layers 1  attention additive  dropout 0.3  learning_rate 0.004", result.err, re.MULTILINE
    )
    assert "best so far" in result.err
    _, _, command = result.out.partition("seqwright train ")
    assert seqwright("train", *shlex.split(command), "-q").code == 0
    again = seqwright("tune", "pairs.tsv", "--trials", 2, *QUICK, "-q")
    assert again == (0, result.out, "")


def test_a_missing_argument_file_or_package_is_named_in_one_line(tmp_path, seqwright, pairs, monkeypatch):
    assert "PAIRS" in seqwright("tune").refused(2)
    assert "--output" in seqwright("tune", "-").refused(2)
    assert "no such file" in seqwright("tune", tmp_path / "missing.tsv").refused(1).lower()
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert "pip install 'seqwright[tune]'" in seqwright("tune", pairs, "-o", tmp_path / "tuned").refused(1)
