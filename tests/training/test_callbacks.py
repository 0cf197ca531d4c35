"""The events that callbacks receive, and the state after an exception in one of them."""

import doctest
import json

import pytest

import seqwright
from seqwright import config, training
from seqwright.training import callbacks
from seqwright.training.callbacks import Callback
from seqwright.training.events import Finished, Measured, Progressed, Started
from tests.training import instrumented

CONFIG = config.parse(
    {}, ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=4", "training.cross_validation=0"]
)


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


class Recorder(Callback):
    """Keeps the events that it receives."""

    def __init__(self):
        self.events = []

    def on_start(self, started):
        self.events.append(started)

    def on_step(self, progressed):
        self.events.append(progressed)

    def on_epoch(self, measured):
        self.events.append(measured)

    def on_end(self, finished):
        self.events.append(finished)


class Failing(Callback):
    """Raises at its moments from the n-th measurement on."""

    def __init__(self, n):
        self.left = n
        self.n_calls_after = 0

    def on_epoch(self, _measured):
        self.left -= 1
        if self.left == 0:
            raise ZeroDivisionError("of the callback")

    def on_end(self, _finished):
        self.n_calls_after += 1


def test_a_callback_is_called_in_the_order_of_the_events(pairs, tmp_path):
    recorder, events = Recorder(), []
    both = callbacks.Listeners([callbacks.listener(recorder), events.append])
    instrumented.train(pairs, tmp_path / "model", CONFIG, instrumented.EACH_STEP, listen=both)
    assert recorder.events == [e for e in events if isinstance(e, Started | Progressed | Measured | Finished)]
    assert {type(event) for event in recorder.events} == {Started, Progressed, Measured, Finished}


def test_a_callback_that_does_nothing_needs_no_method(pairs, tmp_path):
    seqwright.train(pairs, output=tmp_path / "model", config=CONFIG, callbacks=[Callback()])


def test_an_exception_in_a_callback_ends_the_training_with_what_it_had_learned(pairs, tmp_path):
    failing, recorder = Failing(2), Recorder()
    with pytest.raises(ZeroDivisionError, match="of the callback"):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, callbacks=[failing, recorder])
    assert failing.n_calls_after == 0
    assert [event.epoch for event in recorder.events if isinstance(event, Measured)] == [1, 2]
    assert recorder.events[-1].reason == "interrupted"
    seqwright.load(tmp_path / "model")


def test_after_an_exception_in_a_callback_the_same_call_goes_on_to_the_same_bytes(pairs, tmp_path):
    training.train(pairs, output=tmp_path / "whole", config=CONFIG)
    with pytest.raises(ZeroDivisionError):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, callbacks=[Failing(2)])
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    whole, model = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model"))
    assert model == whole


def test_a_callback_finds_the_measured_model_and_its_metrics_saved(pairs, tmp_path):
    path = tmp_path / "model"

    class Reader(Callback):
        def on_epoch(self, measured):
            scores = seqwright.load(path).bundle.manifest["scores"]
            assert (scores["epoch"], scores["dev_accuracy"]) == (
                measured.epoch,
                measured.dev_accuracy,
            ) or not measured.best
            last = json.loads((path / "metrics.jsonl").read_text().splitlines()[-1])
            assert (last["type"], last["epoch"]) == ("measured", measured.epoch)

    training.train(pairs, output=path, config=CONFIG, callbacks=[Reader()])


def test_an_exception_at_the_end_leaves_the_finished_model(pairs, tmp_path):
    class Last(Callback):
        def on_end(self, _finished):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, callbacks=[Last()])
    seqwright.load(tmp_path / "model")
    assert not (tmp_path / "model" / "checkpoints").exists()


def test_a_failure_in_the_training_itself_is_not_taken_for_that_of_a_callback(pairs, tmp_path, monkeypatch):
    def fails(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("seqwright.bundle.save", fails)
    recorder = Recorder()
    with pytest.raises(ZeroDivisionError):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, callbacks=[recorder])
    assert not any(isinstance(event, Finished) for event in recorder.events)


def test_the_example_in_the_documentation_is_true(pairs, monkeypatch):
    monkeypatch.chdir(pairs.parent)
    tiny = config.parse(
        {}, ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=2", "training.cross_validation=0"]
    )
    monkeypatch.setattr(training.train, "__kwdefaults__", {**training.train.__kwdefaults__, "config": tiny})
    failed, attempted = doctest.testmod(callbacks)
    assert (failed, attempted > 0) == (0, True)
