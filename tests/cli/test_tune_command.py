"""The search for settings, as the command does it."""

import re
import shlex
import sys

import pytest

from seqwright import config
from seqwright.cli import progress, trials
from seqwright.training.events import Progressed
from seqwright.tuning import Trial, Tried, Trying, Tuned

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


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_shows_the_progress_of_the_trial_that_runs(is_terminal, monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    trial = Trial(
        number=3, settings={}, state="complete", measure="exact", dev_accuracy=50, dev_ter=9, epochs=2, seconds=4
    )
    with trials.listening() as listen:
        listen(Trying(3, {"model.hidden_size": 8}))
        listen(Progressed(1.0, 0.5, 1.5, 1e-3, 1.0, 1.0, 60.0, 60.0, None))
        listen(Tried(trial, best=True))
    shown = capsys.readouterr().err
    assert "trial   3   hidden_size 8" in shown
    assert "best so far" in shown
    assert ("trial   3    50%, 1:00 left" in shown) == is_terminal


def test_a_quiet_search_shows_nothing_on_a_terminal(tmp_path, seqwright, pairs, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "PATIENCE_S", -1.0)
    result = seqwright("tune", pairs, "-o", tmp_path / "tuned", "--trials", 1, *QUICK, "-q")
    assert (result.code, result.err) == (0, "")


def test_a_missing_argument_file_or_package_is_named_in_one_line(tmp_path, seqwright, pairs, monkeypatch):
    assert "PAIRS" in seqwright("tune").refused(2)
    assert "--output" in seqwright("tune", "-").refused(2)
    assert "no such file" in seqwright("tune", tmp_path / "missing.tsv").refused(1).lower()
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert "pip install 'seqwright[tune]'" in seqwright("tune", pairs, "-o", tmp_path / "tuned").refused(1)


def test_the_table_of_sentences_has_their_scores_and_names_the_criterion(tmp_path, capsys):
    settings = {"model.dropout": 0.2}
    good = Trial(number=1, settings=settings, state="complete", measure="chrF", dev_loss=2.5, dev_bleu=20, dev_chrf=41)
    poor = Trial(number=2, settings=settings, state="complete", measure="loss", dev_loss=4, dev_bleu=0, dev_chrf=9)
    failed = Trial(number=3, settings=settings, state="pruned")
    found = Tuned([poor, failed, good], good, config.Config(), tmp_path / "best.toml")
    with trials.listening() as listen:
        listen(Tried(good, best=True))
    trials.show(found, ["pairs.tsv"])
    out, err = capsys.readouterr()
    title, *rows = (line.split() for line in out.splitlines()[:4])
    assert title == ["trial", "chrF", "BLEU", "loss", "epochs", "time", "dropout"]
    assert [row[:4] for row in rows] == [
        ["1", "41.0", "20.0", "2.500"], ["2", "9.0", "0.0", "4.000"], ["3", "–", "–", "–"],
    ]  # fmt: skip
    assert "dev chrF 41.0   BLEU 20.0   loss 2.500" in err
    assert "3 trials; the settings of the best chrF on the dev set are in" in out


def test_a_search_whose_sentences_are_all_poor_says_that_it_went_by_the_loss():
    assert "too poor for chrF" in trials.criterion("loss")
