"""Checkpoint and model of a training with short epochs: written less often, and always at its end."""

import pytest

from seqwright import bundle, config, training
from seqwright.training import checkpoint
from seqwright.training.callbacks import Callback
from seqwright.training.events import Measured
from seqwright.training.instruments import Instruments
from seqwright.training.write_pace import WritePace
from tests.training import instrumented

SETTINGS = [
    "model.hidden_size=8",
    "model.embedding_size=4",
    "training.epochs=6",
    "training.batch_size=64",
    "training.cross_validation=0",
]
CONFIG = config.parse({}, [*SETTINGS, "training.report=false"])


class Clock:
    """A clock that a test advances."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def written(pace, clock, seconds):
    with pace.writing():
        clock.now += seconds


@pytest.mark.parametrize(("seconds", "due_after"), [(0.25, 50), (1, 60)])
def test_writing_takes_a_two_hundredth_of_the_time_and_is_due_at_the_latest_after_the_interval(seconds, due_after):
    clock = Clock()
    pace = WritePace(clock, every_s=60)
    assert pace.due()
    written(pace, clock, seconds)
    clock.now += due_after - 0.001
    assert not pace.due()
    clock.now += 0.002
    assert pace.due()


def test_each_write_is_due_where_it_has_to_be():
    clock = Clock()
    pace = WritePace(clock, every_s=60, each=True)
    written(pace, clock, 1)
    assert pace.due()


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


@pytest.fixture
def slow(monkeypatch):
    """Let each write take a second of the clock, in which nothing else takes time; return the clock and the names."""
    clock, names = Clock(), []

    def slowly(owner, name):
        write = getattr(owner, name)

        def timed(*args):
            clock.now += 1
            names.append(f"{owner.__name__}.{name}")
            return write(*args)

        monkeypatch.setattr(owner, name, timed)

    slowly(checkpoint.File, "save")
    slowly(bundle, "save")
    return clock, names


def test_a_training_of_short_epochs_is_saved_at_its_beginning_and_end_with_the_same_bytes(pairs, tmp_path, slow):
    training.train(pairs, output=tmp_path / "whole", config=CONFIG)
    clock, names = slow
    names.clear()
    received = []
    instrumented.train(pairs, tmp_path / "model", CONFIG, Instruments(clock=clock), listen=received.append)
    measured = [event for event in received if isinstance(event, Measured)]
    assert len(measured) == 6
    assert names[:2] == ["File.save", "seqwright.bundle.save"]
    # After the first and the last measurement; then the final model.
    assert names.count("File.save") == 2
    assert names.count("seqwright.bundle.save") in (2, 3)
    assert names[-1] == "seqwright.bundle.save"
    whole, model = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model"))
    assert model == whole


def test_a_training_that_ends_by_an_exception_between_two_writes_loses_nothing(pairs, tmp_path, slow):
    clock, names = slow

    def fails(event):
        if isinstance(event, Measured) and event.epoch > 2.5:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        instrumented.train(pairs, tmp_path / "model", CONFIG, Instruments(clock=clock), listen=fails)
    assert names.count("File.save") == 2
    assert checkpoint.File(tmp_path / "model").load().position.epoch == 4  # three are done


class Reading(Callback):
    """Reads the model in the directory after each measurement."""

    def __init__(self, path):
        self.path, self.epochs = path, []

    def on_epoch(self, measured):
        if measured.best:
            scores = bundle.load(self.path).manifest["scores"]
            self.epochs.append((measured.epoch, scores["epoch"]))


def test_a_callback_finds_the_model_of_each_measurement(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr("seqwright.training.write_pace.SHARE", 1e-9)
    reading = Reading(tmp_path / "model")
    training.train(pairs, output=tmp_path / "model", config=CONFIG, callbacks=[reading])
    assert reading.epochs
    assert all(now == saved for now, saved in reading.epochs)
