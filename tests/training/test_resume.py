"""An interrupted training is continued, and ends with the bytes of an uninterrupted one."""

import itertools
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy

from seqwright import config, errors, training
from seqwright.inference import translator
from seqwright.models import Seq2seq
from seqwright.training import checkpoint, events
from seqwright.training import loop as loops
from seqwright.training.loop import MAX_RETURNS, Loop
from seqwright.training.prepare import prepare
from tests.training import instrumented
from tests.training.instrumented import EACH_STEP

SETTINGS = [
    "model.hidden_size=16", "model.embedding_size=8", "training.epochs=12", "training.cross_validation=0",
    "training.checkpoint_every_s=0.05", "training.word_dropout=0.1", "training.batch_size=16",
    "optim.learning_rate=4e-3",
]  # fmt: skip
CONFIG = config.parse({}, SETTINGS)


@pytest.fixture
def pairs(tmp_path):
    """400 pairs of a word and its letters in reverse."""
    rng = np.random.default_rng(5)
    words = ["".join(rng.choice(list("abcdefg"), rng.integers(1, 9))) for _ in range(400)]
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{word}\t{word[::-1]}\n" for word in words))
    return path


def killed_once(pairs, output, after_s):
    """Run the command, kill it `after_s` seconds after its first line; return (exit code, standard error)."""
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    process = subprocess.Popen(
        [sys.executable, "-m", "seqwright", "train", str(pairs), "--output", str(output), *settings],
        env={**os.environ, "SEQWRIGHT_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
    )
    first = process.stderr.readline()
    try:
        rest = process.communicate(timeout=after_s)[1]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[1]
    return process.returncode, (first + rest).decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_training_killed_at_thirty_moments_ends_with_the_bytes_of_one_that_was_not(pairs, tmp_path):
    received = []
    training.train(pairs, output=tmp_path / "whole", config=CONFIG, listen=received.append)
    latest_s = received[-1].elapsed_s / 2  # on this machine, as busy as it is
    rng = np.random.default_rng(11)
    n_killed = n_resumed = n_trainings = 0
    while n_killed < 30:
        code, said = killed_once(pairs, tmp_path / f"killed{n_trainings}", float(rng.uniform(0, latest_s)))
        whole_already = "already trained" in said  # the last kill came after the end of the training
        assert code in (0, -signal.SIGKILL) or whole_already, said
        n_killed += code == -signal.SIGKILL and not whole_already
        n_resumed += "resumed" in said
        n_trainings += code == 0 or whole_already
    killed_once(pairs, tmp_path / f"killed{n_trainings}", 60)
    assert n_resumed >= 10, f"only {n_resumed} of 30 kills came after a checkpoint: too few"
    whole = (tmp_path / "whole" / "model.safetensors").read_bytes()
    for n in range(n_trainings + 1):
        assert (tmp_path / f"killed{n}" / "model.safetensors").read_bytes() == whole


def test_an_interrupted_ensemble_goes_on_with_its_member_and_ends_with_the_same_bytes(pairs, tmp_path):
    others = [{"attention": "bilinear"}, {"hidden_size": 12}]
    three = config.parse({"others": others}, [*SETTINGS, "training.members=3", "training.epochs=3"])
    training.train(pairs, output=tmp_path / "whole", config=three)
    for n in (2, 1, 3):  # in the first member; after its end; at the end of the second
        with pytest.raises(KeyboardInterrupt):
            training.train(pairs, output=tmp_path / "model", config=three, listen=interrupted_after(n))
    training.train(pairs, output=tmp_path / "model", config=three)
    whole, model = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model"))
    assert model == whole


def interrupted_after(n_events, kind=events.Measured):
    def listen(event):
        nonlocal n_events
        n_events -= isinstance(event, kind)
        if n_events == 0:
            raise KeyboardInterrupt

    return listen


def test_a_long_epoch_is_measured_within_also_when_it_was_interrupted(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr(loops, "MEASURE_PAIRS", 100)
    whole, resumed = [], []
    short = config.parse({}, [*SETTINGS, "training.epochs=2"])
    training.train(pairs, output=tmp_path / "whole", config=short, listen=whole.append)
    with pytest.raises(KeyboardInterrupt):
        training.train(pairs, output=tmp_path / "model", config=short, listen=interrupted_after(2))
    training.train(pairs, output=tmp_path / "model", config=short, listen=resumed.append)
    n = whole[0].n_pairs
    at = [event.epoch * n for event in whole if isinstance(event, events.Measured)]
    assert all(0 < after - before < 100 + 16 for before, after in itertools.pairwise([0, *at]))  # batches of 16
    assert at[3] == pytest.approx(n)
    assert at[-1] == pytest.approx(2 * n)
    assert [(e.epoch, e.loss) for e in resumed if isinstance(e, events.Measured)] == [
        (e.epoch, e.loss) for e in whole if isinstance(e, events.Measured)
    ][2:]
    assert (tmp_path / "model/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()


def test_an_ensemble_interrupted_as_soon_as_it_goes_on_ends_with_the_same_bytes(pairs, tmp_path):
    two = config.parse({}, [*SETTINGS, "training.members=2", "training.epochs=3"])
    training.train(pairs, output=tmp_path / "whole", config=two)
    for kind, n in ((events.Progressed, 40), (events.Begun, 1)):  # in the second epoch; before the next step
        with pytest.raises(KeyboardInterrupt):
            instrumented.train(pairs, tmp_path / "model", two, EACH_STEP, listen=interrupted_after(n, kind))
    training.train(pairs, output=tmp_path / "model", config=two)
    assert (tmp_path / "model/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()


@pytest.mark.parametrize("n_events", range(2, 16))
def test_a_training_interrupted_at_any_event_measures_where_one_does_that_was_not(
    pairs, tmp_path, monkeypatch, n_events
):
    monkeypatch.setattr(loops, "MEASURE_PAIRS", 100)
    two = config.parse({}, [*SETTINGS, "training.members=2", "training.epochs=1", "training.batch_size=40"])
    training.train(pairs, output=tmp_path / "whole", config=two)
    with pytest.raises(KeyboardInterrupt):
        instrumented.train(pairs, tmp_path / "model", two, EACH_STEP, listen=interrupted_after(n_events, object))
    training.train(pairs, output=tmp_path / "model", config=two)
    whole, resumed = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model"))
    assert resumed == whole
    assert measured(tmp_path / "model") == measured(tmp_path / "whole")


def measured(model):
    lines = map(json.loads, (model / "metrics.jsonl").read_text().splitlines())
    return [(event["epoch"], event["loss"]) for event in lines if event["type"] == "measured"]


def test_metrics_of_a_resumed_training_tell_each_measurement_once(pairs, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=interrupted_after(3))
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    lines = (tmp_path / "model" / "metrics.jsonl").read_text().splitlines()
    measured = [line for line in lines if '"type":"measured"' in line]
    assert len(measured) == len(set(measured)) == 12


def test_a_finished_training_leaves_no_checkpoint_and_is_not_trained_again(pairs, tmp_path):
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    assert not (tmp_path / "model" / "checkpoints").exists()
    before = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    received = []
    model = training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=received.append)
    assert received == [events.AlreadyTrained(str(tmp_path / "model"))]
    assert model.predict(["abc"])[0][0].text == translator.load(tmp_path / "model").predict(["abc"])[0][0].text
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before


@pytest.mark.parametrize("change", ["training.seed=2", "model.hidden_size=17", "data"])
def test_a_finished_training_of_another_kind_is_refused_with_the_difference(pairs, tmp_path, change):
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    if change == "data":
        pairs.write_text(pairs.read_text() + "abc\tcba\n")
        other, named = CONFIG, "data.pairs was"
    else:
        other, named = config.parse({}, [*SETTINGS, change]), change.split("=")[0]
    with pytest.raises(errors.UsageError, match=f"exists already.*{named}"):
        training.train(pairs, output=tmp_path / "model", config=other)


@pytest.mark.parametrize("change", ["training.seed=2", "model.hidden_size=17", "data"])
def test_an_interrupted_training_of_another_kind_is_refused_with_the_difference(pairs, tmp_path, change):
    with pytest.raises(KeyboardInterrupt):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=interrupted_after(2))
    if change == "data":
        pairs.write_text(pairs.read_text() + "abc\tcba\n")
        other, named = CONFIG, "data.pairs was"
    else:
        other, named = config.parse({}, [*SETTINGS, change]), change.split("=")[0]
    with pytest.raises(errors.UsageError, match=named):
        training.train(pairs, output=tmp_path / "model", config=other)
    assert checkpoint.exists(tmp_path / "model")


@pytest.mark.parametrize("same", [True, False])
def test_of_two_trainings_in_one_directory_the_one_that_began_last_goes_on(pairs, tmp_path, same):
    later = config.parse({}, [*SETTINGS, *([] if same else ["training.seed=9"])])

    def another_begins(event):
        if isinstance(event, events.Measured) and event.epoch == 4:
            with pytest.raises(KeyboardInterrupt):
                training.train(
                    pairs, output=tmp_path / "model", config=later, overwrite=True, listen=interrupted_after(2)
                )

    with pytest.raises(errors.OutputError, match="another training"):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=another_begins)
    training.train(pairs, output=tmp_path / "model", config=later)
    training.train(pairs, output=tmp_path / "whole", config=later)
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "model" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert measured(tmp_path / "model") == measured(tmp_path / "whole")


def test_a_training_goes_on_where_another_one_has_ended_in_its_directory(pairs, tmp_path):
    def another_ends(event):
        if isinstance(event, events.Measured) and event.epoch == 4:
            training.train(pairs, output=tmp_path / "model", config=CONFIG)

    training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=another_ends)
    training.train(pairs, output=tmp_path / "whole", config=CONFIG)
    assert (tmp_path / "model/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()


@pytest.mark.parametrize("same", [True, False])
def test_overwrite_goes_on_with_the_same_training_and_replaces_another(pairs, tmp_path, same):
    with pytest.raises(KeyboardInterrupt):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=interrupted_after(2))
    seen = []
    again = CONFIG if same else config.parse({}, [*SETTINGS, "training.seed=9"])
    training.train(pairs, output=tmp_path / "model", config=again, overwrite=True, listen=seen.append)
    assert any(isinstance(event, events.Resumed) for event in seen) == same


@pytest.mark.parametrize("damage", [lambda whole: whole[:-100], lambda _: safetensors.numpy.save({})])
def test_a_damaged_checkpoint_is_named_with_what_to_do(pairs, tmp_path, damage):
    with pytest.raises(KeyboardInterrupt):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=interrupted_after(2))
    path = tmp_path / "model" / "checkpoints" / "last.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(errors.ModelError, match="--overwrite"):
        training.train(pairs, output=tmp_path / "model", config=CONFIG)


def test_steps_without_a_finite_loss_are_skipped_and_then_undone_with_a_lower_rate(pairs, monkeypatch):
    loop = Loop(prepare(pairs, None, CONFIG))
    sound, n_calls = Seq2seq.loss_of, 0

    def sometimes_nan(self, *args, **options):
        nonlocal n_calls
        n_calls += 1
        return float("nan") if 20 <= n_calls < 23 else sound(self, *args, **options)

    monkeypatch.setattr(Seq2seq, "loss_of", sometimes_nan)
    returned = [event for event in loop.events() if isinstance(event, events.Returned)]
    assert [(event.skipped, event.rate) for event in returned] == [(3, CONFIG.optim.learning_rate / 2)]
    assert np.isfinite(loop.network.params.flat).all()


def test_a_loss_that_is_never_finite_ends_with_advice(pairs, monkeypatch):
    monkeypatch.setattr(Seq2seq, "loss_of", lambda *_, **__: float("inf"))
    with pytest.raises(errors.SeqwrightError, match=f"after {MAX_RETURNS} returns"):
        list(Loop(prepare(pairs, None, CONFIG)).events())
