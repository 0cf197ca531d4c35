"""The dev examples that are shown while a training runs, and the numbers beside them."""

import json
import sys

import numpy as np
import pytest

from seqwright import config, training
from seqwright.training.events import Example, Measured, Progressed
from seqwright.training.instruments import Instruments
from seqwright.training.loop import Loop
from seqwright.training.measure import dev_examples
from seqwright.training.memory import resident_bytes
from seqwright.training.pace import Pace
from seqwright.training.prepare import prepare
from tests.training.instrumented import Clock

CONFIG = config.parse(
    {}, ["model.hidden_size=16", "model.embedding_size=8", "training.epochs=6", "optim.learning_rate=0.02"]
)
DEV = "abc\tcba\nh\th\nabcdef\tfedcba\nab\tba\nbc\tcb\nbc\tBC\n"


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


@pytest.fixture
def dev(tmp_path):
    path = tmp_path / "dev.tsv"
    path.write_text(DEV, encoding="utf-8")
    return path


def train(pairs, dev, output, *, stop_after=None):
    """Return the measurements of a training, which is interrupted after `stop_after` of them."""
    measured = []

    def listen(event):
        if isinstance(event, Measured):
            measured.append(event)
            if len(measured) == stop_after:
                raise KeyboardInterrupt

    training.train(pairs, dev=dev, output=output, config=CONFIG, listen=listen)
    return measured


def test_the_same_sources_are_followed_through_a_training_from_short_to_long(pairs, dev, tmp_path):
    measured = train(pairs, dev, tmp_path / "model")
    assert {tuple(example.source for example in event.examples) for event in measured} == {("ab", "bc", "abc")}


def test_an_answer_is_right_if_it_is_any_of_the_right_answers(pairs, dev):
    prepared = prepare(pairs, dev, CONFIG)
    sources = [source for source, _ in prepared.dev.texts]
    answers = [list("BC") if source == "bc" else list("x") for source in sources]
    assert dev_examples(answers, prepared) == [
        Example("ab", "x", "ba", False),
        Example("bc", "BC", "cb", True),
        Example("abc", "x", "cba", False),
    ]


def test_where_there_are_fewer_dev_sources_than_examples_all_are_dev_examples(pairs, tmp_path):
    (tmp_path / "two.tsv").write_text("abc\tcba\nab\tba\n", encoding="utf-8")
    prepared = prepare(pairs, tmp_path / "two.tsv", CONFIG)
    assert [example.source for example in dev_examples([["x"], ["x"]], prepared)] == ["ab", "abc"]


def test_features_are_shown_with_their_source(tmp_path):
    path = tmp_path / "features.tsv"
    path.write_text("".join(f"{a}{b}\t{b}{a}\tN;{a}\n" for a in "abcdef" for b in "abcdef"), encoding="utf-8")
    prepared = prepare(path, None, CONFIG)
    shown = dev_examples([["x"]] * len(prepared.dev.sources), prepared)
    assert all(example.source[2:] == f" N;{example.source[0]}" for example in shown)


def test_a_resumed_training_follows_the_same_examples_and_keeps_each_measurement_once(pairs, dev, tmp_path):
    def journal(name):
        lines = (tmp_path / name / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        events = [event for event in map(json.loads, lines) if event["type"] == "measured"]
        return [{key: value for key, value in event.items() if key != "elapsed_s"} for event in events]

    train(pairs, dev, tmp_path / "whole")
    for n in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            train(pairs, dev, tmp_path / "resumed", stop_after=n)
    train(pairs, dev, tmp_path / "resumed")
    assert journal("resumed") == journal("whole")
    assert len(journal("whole")) == 6


def test_the_pace_counts_pairs_and_tokens_of_the_same_time():
    pace = Pace(iter([0.0, 2.0, 2.0]).__next__, every_s=1)
    assert pace.tick(10, 50, 2.0)
    assert (pace.pairs_per_s, pace.tokens_per_s) == (5, 25)
    assert pace.loss == 2


def test_progress_counts_symbols_without_padding(pairs, dev):
    instruments = Instruments(clock=Clock(), progress_every_s=0)
    loop = Loop(prepare(pairs, dev, CONFIG), instruments=instruments)
    steps = [event for event in loop.events() if isinstance(event, Progressed)]
    # three letters and the end, on both sides
    assert all(event.tokens_per_s == pytest.approx(8 * event.pairs_per_s) for event in steps)
    assert len(steps) > 6


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what is held now")
def test_resident_memory_grows_with_what_is_held():
    before = resident_bytes()
    held = np.ones(8_000_000)
    assert resident_bytes() - before > held.nbytes / 2
