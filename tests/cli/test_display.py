"""What a training shows, on a terminal and elsewhere."""

import contextlib
import os
import re
import subprocess
import sys

import pytest
from command import COMMAND, TINY, posix

from seqwright.cli import display
from seqwright.training.events import Chosen, Finished, Measured, Progressed


def test_a_plain_display_speaks_when_it_was_silent_for_long(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(display.time, "monotonic", lambda: now[0])
    plain = display.PlainDisplay()
    for now[0] in range(25):
        plain.show(Progressed(now[0] / 10, now[0] / 100, 1.5, 1e-3, 1234.5, 9876.5, now[0], 100 - now[0], 142_600_000))
    assert capsys.readouterr().err.splitlines() == [
        "epoch   1.10   loss 1.500   learning rate 0.001   1,234 pairs/s   9,876 tokens/s   143 MB   0:11, 1:29 left",
        "epoch   2.20   loss 1.500   learning rate 0.001   1,234 pairs/s   9,876 tokens/s   143 MB   0:22, 1:18 left",
    ]


def test_an_interruption_before_the_first_measurement_reports_what_was_written():
    assert "before there was a model" in display.closing(Finished("interrupted", 0, None, 3, None))
    assert "model    here" in display.closing(Finished("interrupted", 0, None, 3, "here"))


def test_a_measurement_whose_weights_are_saved_is_marked():
    assert display.measured(Measured(1, 0.5, 40, 20, True, 9)).endswith("best")
    assert "best" not in display.measured(Measured(1, 0.5, 40, 20, False, 9))


def test_a_measurement_on_training_sources_is_named_so() -> None:
    line = display.measured(Measured(1, 0.5, 40, 20, True, 9, seen=True))
    assert "train exact match" in line
    assert "dev" not in line
    assert "best" not in line


@pytest.mark.parametrize("member", [None, 2])
@pytest.mark.parametrize("measure", ["exact match", "chrF"])
def test_a_measurement_fits_into_eighty_columns(member, measure):
    sentences = {"dev_loss": 2.123, "dev_bleu": 41.39, "dev_chrf": 56.94, "measure": "chrF"}
    scores = sentences if measure == "chrF" else {}
    line = display.measured(Measured(100, 2.345, 100, 100, True, 36_000, member=member, **scores))
    assert len(line) <= 80
    assert line.startswith("member 2  epoch 100.00" if member else "epoch 100.00")
    assert line.endswith("best")


def test_prose_is_folded_at_the_width_of_the_terminal_and_what_is_copied_is_not():
    long = "warning  the training data of the model to fine-tune cannot be read; it may contain the dev sources"
    copied = [f"{heading:9}{'word ' * 30}end" for heading in ("model", "report", "try")]
    folded = display.folded("\n".join([long, *copied]), 80).splitlines()
    assert folded[2:] == copied
    assert max(map(len, folded[:2])) <= 80
    assert folded[1] == " " * 9 + "contain the dev sources"
    assert " ".join(" ".join(folded[:2]).split()) == " ".join(long.split())


def test_the_suggested_command_quotes_sources_for_the_shell(monkeypatch):
    monkeypatch.setattr(display.program, "name", lambda: "seqwright")
    plain = display.next_command([("it's", ""), ("-n %d", ""), ("two\nlines", ""), ("x" * 99, "")], "a model")
    assert plain == """printf '%s\\n' 'it'"'"'s' '-n %d' | seqwright predict 'a model'"""
    features = display.next_command([("walk", "V;PST")], "model")
    assert features == r"printf '%s\t%s\n' walk 'V;PST' | seqwright predict model"
    assert display.next_command([], "model") == "seqwright predict model"


@posix
def test_a_terminal_shows_a_live_bar_and_all_measurements(tmp_path, pairs):
    import pty

    screen, terminal = pty.openpty()
    # Two seconds of steps that change nothing, so that a good score does not end the training early.
    endless = ["--epochs", "100000", "--set", "optim.learning_rate=1e-9", "--set", "training.patience=none"]
    command = [*COMMAND, "train", str(pairs), "-o", str(tmp_path / "model"), "--time-budget", "2s", *TINY, *endless]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    shown = b""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal, env=environment) as running:
        os.close(terminal)
        while True:
            try:
                part = os.read(screen, 4096)
            except OSError:  # on Linux: the other end was closed
                break
            if not part:
                break
            shown += part
        assert running.stdout.read() == b""
    os.close(screen)
    assert running.returncode == 0
    text = shown.decode().replace(str(tmp_path), "")  # a long path is not broken
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", text))
    assert [line for line in lines if len(line) > 80 and not line.startswith(display.COPIED)] == []
    assert "pairs/s" in text
    assert "tokens/s" in text
    assert re.search(r"(✓|✗|ok|no) \w+ (→|->) ", re.sub(r"\x1b\[[\d;]*m", "", text))
    assert "━" in text
    assert "selected dev exact match" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") > 0  # the cursor is restored


@pytest.mark.parametrize(("process", "shows"), [(None, True), ("0", True), ("1", False)])
def test_the_first_process_of_a_training_shows_that_it_reads(process, shows, monkeypatch, pairs, tmp_path, seqwright):
    if process is not None:
        monkeypatch.setenv("TORCHELASTIC_RUN_ID", "run")
        monkeypatch.setenv("RANK", process)
    shown = []
    monkeypatch.setattr(display.progress, "busy", lambda what: contextlib.nullcontext(shown.append(what)))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    result = seqwright("train", pairs, "-o", tmp_path / "model", *TINY, "--epochs", 1)
    assert bool(shown) == shows
    assert result.code == (0 if process is None else 2)  # several processes need --device, and nothing else is tested


def test_an_interruption_after_the_last_epoch_reports_that_the_model_is_saved(capsys):
    def interrupted():
        with display.listening() as listen:
            listen(Measured(1, 0.5, 40, 20, True, 9))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "the model is saved" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("chosen", "end"),
    [
        (Chosen(True, 51.0, 50.0), "dev exact match 51.0 % with auxiliary data, 50.0 % without: kept"),
        (Chosen(True, 49.0, 50.0), "without: kept, as the difference is within one standard error"),
        (Chosen(False, 40.0, 50.0), "without: the model without it is kept"),
        (
            Chosen(True, 51.0, 50.0, True),
            "compared exact match 51.0 % with auxiliary data, 50.0 % without: kept",
        ),
    ],
)
def test_the_choice_of_auxiliary_data_states_on_what_it_was_made(chosen, end):
    assert display.turn(chosen).endswith(end)
