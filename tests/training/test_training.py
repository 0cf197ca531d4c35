"""A training from its file to its directory."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import seqwright
from seqwright import bundle, config, evaluation, exporters, metrics, training
from seqwright.data import readers
from seqwright.data.vocabulary import UNKNOWN
from seqwright.errors import ModelError, UsageError
from seqwright.models import Seq2seq
from seqwright.training import checkpoint, measure
from seqwright.training.events import Finished, Measured, Progressed, Resumed, Started
from seqwright.training.instruments import Instruments
from tests.training import instrumented

TINY = ["model.hidden_size=8", "model.embedding_size=4", "training.cross_validation=0"]


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


def train(pairs, output, *settings, **options):
    """Return the events of a training."""
    events = []
    training.train(pairs, output=output, config=config.parse({}, [*TINY, *settings]), listen=events.append, **options)
    return events


def journal(output):
    return [json.loads(line) for line in (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def weights(output):
    return {name: array.tobytes() for name, array in bundle.load(output).weights.items()}


def test_on_real_words_it_learns_and_keeps_good_weights(tmp_path, data_dir):
    """Worth its seconds: the one place where real data goes all the way."""
    lines = (data_dir / "g2p" / "hun.train.tsv").read_text(encoding="utf-8").splitlines()
    words, held = tmp_path / "hun.tsv", tmp_path / "dev.tsv"
    words.write_text("".join(f"{line}\n" for line in lines[::12]), encoding="utf-8")
    held.write_text("".join(f"{line}\n" for line in lines[1::60]), encoding="utf-8")
    settings = ["model.hidden_size=32", "model.embedding_size=32", "training.epochs=10", "training.batch_size=16"]
    events = train(words, tmp_path / "model", *settings, "optim.learning_rate=1e-2", "model.dropout=0", dev=held)
    measured = of_kind(events, Measured)
    kept = [event for event in measured if event.best][-1]
    assert kept.dev_ter < 45 < measured[0].dev_ter
    assert measured[-1].loss < measured[0].loss / 2
    assert (events[-1].dev_accuracy, events[-1].best_epoch) == (kept.dev_accuracy, kept.epoch)
    result = evaluation.evaluate_file(seqwright.load(tmp_path / "model"), held, beam=1)
    assert (result.scores.exact, result.scores.ter) == pytest.approx((kept.dev_accuracy, kept.dev_ter))


def test_the_last_weights_that_are_as_good_as_any_before_are_kept(tmp_path, pairs):
    n_right, seen = iter([50, 70, 68, 40, 69]), []
    dev = tmp_path / "dev.tsv"
    dev.write_text("".join(f"{'abcdefgh'[i % 8]}{i}\ta{i}\n" for i in range(100)), encoding="utf-8")

    def scripted(networks, prepared):
        seen.append(networks[0].params.flat.copy())
        right = next(n_right)
        return [reference[0] if i < right else ["?"] for i, reference in enumerate(prepared.dev.references)]

    events, instruments = [], Instruments(evaluate=instrumented.evaluator(scripted))
    four = config.parse({}, [*TINY, "training.epochs=4"])
    instrumented.train(pairs, tmp_path / "model", four, instruments, dev=dev, listen=events.append)
    assert [event.best for event in of_kind(events, Measured)] == [True, True, True, False]
    assert (events[-1].dev_accuracy, events[-1].best_epoch) == (68, 3)
    stored = bundle.load(tmp_path / "model")
    assert (stored.manifest["scores"]["dev_accuracy"], stored.manifest["scores"]["epoch"]) == (68, 3)
    np.testing.assert_array_equal(stored.build()[0].params.flat, seen[2])


def measured_on(n, n_right, edits, tokens=1000):
    return metrics.Scores(
        n=n, errors=n - n_right, edits=edits, tokens=tokens, exact=100 * n_right / n, wer=100 - 100 * n_right / n,
        ter=100 * edits / tokens,
    )  # fmt: skip


def test_scores_are_as_good_within_one_standard_error_of_both_rates():
    rng = np.random.default_rng(2)
    spread = rng.binomial(400, 0.8, 100_000).std()  # of the number right; that of edits is the root of 225
    for lost, added, expected in (
        (0, 0, True), (spread - 1, 14, True), (spread + 1, 0, False), (0, 16, False), (-spread, 16, False),
    ):  # fmt: skip
        scores = measured_on(400, round(320 - lost), 225 + added)
        assert measure.as_good(scores, exact=80, ter=22.5) == expected
    assert not measure.as_good(measured_on(5, 4, 1), exact=100, ter=0)


def test_a_decoder_that_copies_reads_unknown_where_its_source_is_hidden(tmp_path, pairs, monkeypatch):
    inputs, n_hidden = Seq2seq.inputs, 0

    def spied(net, source, lengths, target, *rest, read, copied):
        nonlocal n_hidden
        for b in range(source.shape[1]):
            hidden = net.copy_map[copied[source[:, b] != copied[:, b], b]].tolist()
            n_hidden += len(hidden)
            expected = [UNKNOWN if symbol in hidden else symbol for symbol in target[:-1, b].tolist()]
            assert read[:, b].tolist() == expected
        return inputs(net, source, lengths, target, *rest, read=read, copied=copied)

    monkeypatch.setattr(Seq2seq, "inputs", spied)
    train(pairs, tmp_path / "model", "training.epochs=4", "model.copying=true")
    assert n_hidden > 5


@pytest.mark.parametrize(
    "settings",
    [
        ["model.attention=additive"],
        ["model.attention=additive", "model.copying=true", "model.distance_bias=true"],
        ["model.tied=true", "model.embedding_size=8"],
    ],
)
def test_a_model_of_another_kind_goes_all_the_way_too(tmp_path, pairs, settings):
    train(pairs, tmp_path / "model", "training.epochs=2", "training.members=2", *settings)
    small = exporters.export(tmp_path / "model", output=tmp_path / "small").output
    model, rounded = seqwright.load(tmp_path / "model"), seqwright.load(small)
    sources = ["abc", "", "hgf"]
    for one, other in zip(model.predict(sources), rounded.predict(sources), strict=True):
        assert one[0].alignment.sum(axis=1) == pytest.approx(1)
        assert one[0].score == pytest.approx(other[0].score, abs=0.2)
    assert [place for _, place in model.align(["abc"], ["cb"])[0]] == [0, 1]


def test_events_come_in_order_and_the_journal_keeps_all_but_the_quick_ones(tmp_path, pairs):
    events = train(pairs, tmp_path / "model", "training.epochs=3")
    slow = [event for event in events if not isinstance(event, Progressed)]
    assert [type(event) for event in slow] == [Started, Measured, Measured, Measured, Finished]
    assert [event["type"] for event in journal(tmp_path / "model")] == ["started", *["measured"] * 3, "finished"]
    assert [event.epoch for event in of_kind(events, Measured)] == [1, 2, 3]
    assert events[-1].output == str(tmp_path / "model")


def test_the_manifest_says_how_the_model_came_about(tmp_path, pairs):
    events = train(pairs, tmp_path / "model", "training.epochs=2", "training.seed=5", command=["seqwright", "train"])
    manifest = bundle.load(tmp_path / "model").manifest
    assert manifest["seqwright"] == seqwright.__version__
    assert manifest["command"] == ["seqwright", "train"]
    assert manifest["seed"] == 5
    assert manifest["n_pairs"] == events[0].n_pairs
    assert list(manifest["data"]) == [str(pairs)]
    assert manifest["scores"]["dev_accuracy"] == events[-1].dev_accuracy
    assert "kernels" in manifest["kernels"]


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path, pairs):
    def measured(name, seed):
        events = train(pairs, tmp_path / name, "training.epochs=3", f"training.seed={seed}")
        return [(e.epoch, e.loss, e.dev_accuracy, e.dev_ter, e.best) for e in of_kind(events, Measured)]

    assert measured("a", 1) == measured("b", 1) != measured("c", 2)
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


def test_the_time_budget_ends_it_with_a_measured_model(tmp_path, pairs):
    endless = ["training.epochs=1000000", "training.patience=none", "optim.learning_rate=1e-9"]
    events = train(pairs, tmp_path / "model", *endless, "training.time_budget_s=0.5")
    assert events[-1].reason == "time budget"
    assert isinstance(events[-2], Measured)
    seqwright.load(tmp_path / "model")


def test_it_ends_where_nothing_gets_better(tmp_path, pairs):
    events = train(
        pairs,
        tmp_path / "model",
        "training.epochs=1000",
        "training.patience=2",
        "optim.learning_rate=1e-12",
        "optim.warmup=0",
    )
    assert events[-1].reason == "no improvement"
    assert len(of_kind(events, Measured)) == 3


def test_it_ends_where_every_dev_source_is_answered_right(tmp_path):
    constant = tmp_path / "constant.tsv"
    constant.write_text("".join(f"{a}{b}\tx\n" for a in "abcd" for b in "abcd"), encoding="utf-8")
    patient = ["training.epochs=1000", "training.patience=none", "optim.learning_rate=0.05", "model.dropout=0"]
    events = train(constant, tmp_path / "model", *patient)
    assert events[-1].reason == "perfect"
    assert events[-1].dev_accuracy == 100


def interrupting(n):
    """Return a listener that is interrupted at the n-th event that a display would be slow about."""
    received = []

    def listen(event):
        received.append(event)
        if len(received) == n:
            raise KeyboardInterrupt

    return listen, received


@pytest.mark.parametrize("n", [2, 3])
def test_an_interruption_keeps_the_best_model_and_is_an_event(n, tmp_path, pairs):
    listen, received = interrupting(n)
    tiny = config.parse({}, [*TINY, "training.epochs=9"])
    with pytest.raises(KeyboardInterrupt):
        training.train(pairs, output=tmp_path / "model", config=tiny, listen=listen)
    assert isinstance(received[-1], Finished)
    assert received[-1].reason == "interrupted"
    assert received[-1].output == str(tmp_path / "model")
    assert journal(tmp_path / "model")[-1]["reason"] == "interrupted"
    seqwright.load(tmp_path / "model")


@pytest.mark.parametrize("n", range(5, 10))
def test_an_interruption_between_two_files_of_a_save_leaves_a_whole_model(n, tmp_path, pairs, monkeypatch):
    calls, replace = iter(range(10_000)), Path.replace

    def interrupted(self, target):
        if next(calls) == n:
            raise KeyboardInterrupt
        return replace(self, target)

    train(pairs, tmp_path / "model", "training.epochs=1", "training.seed=3")
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(pairs, tmp_path / "model", "training.epochs=50", overwrite=True)
    seqwright.load(tmp_path / "model")


def interrupted_when_measured(pairs, output, *settings, **options):
    def listen(event):
        if isinstance(event, Measured):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(pairs, output=output, config=config.parse({}, [*TINY, *settings]), listen=listen, **options)


def files(directory):
    """Return the bytes of each file of a model directory."""
    return {
        file.relative_to(directory).as_posix(): file.read_bytes() for file in directory.rglob("*.*") if file.is_file()
    }


def fails(*_):
    raise ZeroDivisionError


def test_a_failure_before_the_first_model_leaves_the_old_one_with_all_its_files(tmp_path, pairs, monkeypatch):
    train(pairs, tmp_path / "model", "training.epochs=2", "training.report=true")
    before = files(tmp_path / "model")
    monkeypatch.setattr(bundle, "save", fails)
    with pytest.raises(ZeroDivisionError):
        train(pairs, tmp_path / "model", "training.epochs=1", overwrite=True)
    after = files(tmp_path / "model")
    assert after.keys() - before.keys() == {"checkpoints/last.safetensors"}
    assert {name: after[name] for name in before} == before
    assert {"metrics.jsonl", "report.html"} < before.keys()


def test_the_first_new_model_takes_metrics_and_report_of_the_old_one(tmp_path, pairs):
    train(pairs, tmp_path / "model", "training.epochs=2", "training.report=true")
    interrupted_when_measured(pairs, tmp_path / "model", "training.epochs=9", overwrite=True)
    assert "report.html" not in files(tmp_path / "model")
    [started] = [event for event in journal(tmp_path / "model") if event["type"] == "started"]
    assert started["config"]["training"]["epochs"] == 9


def test_a_failure_between_the_first_checkpoint_and_its_model_loses_no_event(tmp_path, pairs, monkeypatch):
    monkeypatch.setattr(bundle, "save", fails)
    with pytest.raises(ZeroDivisionError):
        train(pairs, tmp_path / "model", "training.epochs=2")
    monkeypatch.undo()
    assert not (tmp_path / "model" / "metrics.jsonl").exists()
    train(pairs, tmp_path / "model", "training.epochs=2")
    kinds = [event["type"] for event in journal(tmp_path / "model")]
    assert kinds == ["started", "measured", "started", "resumed", "measured", "finished"]


def test_an_unfinished_training_can_go_on_where_another_failed_to_take_its_place(tmp_path, pairs, monkeypatch):
    interrupted_when_measured(pairs, tmp_path / "model", "training.epochs=4")
    monkeypatch.setattr(checkpoint.File, "save", fails)
    with pytest.raises(ZeroDivisionError):
        train(pairs, tmp_path / "model", "training.epochs=3", overwrite=True)
    monkeypatch.undo()
    events = train(pairs, tmp_path / "model", "training.epochs=4")
    assert of_kind(events, Resumed)


def test_the_returned_model_is_the_one_in_the_directory(tmp_path, pairs):
    tiny = config.parse({}, [*TINY, "training.epochs=2"])
    returned = training.train(pairs, output=tmp_path / "model", config=tiny)
    loaded = seqwright.load(tmp_path / "model")
    sources = [pair.source for pair in readers.read_pairs(pairs)]
    assert [h[0].text for h in returned.predict(sources)] == [h[0].text for h in loaded.predict(sources)]


def test_files_of_others_in_the_folder_of_checkpoints_stay(tmp_path, pairs):
    folder = tmp_path / "model" / "checkpoints"
    others = [".DS_Store", "Thumbs.db", "last.safetensors~", ".last.safetensors.swp", "my-last-notes.txt", "deep/er"]

    def listen(event):
        if isinstance(event, Measured):
            for name in others:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).touch()

    settings = config.parse({}, [*TINY, "training.epochs=1"])
    training.train(pairs, output=tmp_path / "model", config=settings, listen=listen)
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert left == set(others)
    assert (tmp_path / "model" / "report.html").exists()
    train(pairs, tmp_path / "model", "training.epochs=1", overwrite=True)
    assert (folder / ".DS_Store").exists()


def test_a_folder_that_only_a_file_manager_has_written_to_is_free(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    for name in (".DS_Store", "._x", "Thumbs.db", "desktop.ini", ".directory", "notes.txt~", ".notes.swp"):
        (folder / name).touch()
    training.check_output(folder, overwrite=False)
    bundle.refuse_taken(folder)
    (folder / "notes.txt").touch()
    with pytest.raises(UsageError, match="exists already"):
        training.check_output(folder, overwrite=False)
    with pytest.raises(UsageError, match="exists already"):
        bundle.refuse_taken(folder)


def test_a_checkpoint_nested_too_deeply_is_refused(tmp_path):
    folder = tmp_path / "model"
    moment = checkpoint.Checkpoint({}, checkpoint.Position(), {"flat": np.zeros(1, np.float32)}, {}, 0)
    checkpoint.File(folder).save(moment)
    path = folder / "checkpoints" / "last.safetensors"
    for name in ("identity", "random", "position"):
        metadata = {"identity": "{}", "random": "{}", "position": "{}", "optimizer_step": "0", "done": "0"}
        metadata |= {"journal_bytes": "0", name: "[" * 100_000}
        path.write_bytes(safetensors.numpy.save({"flat": np.zeros(1, np.float32)}, metadata))
        with pytest.raises(ModelError, match="damaged"):
            checkpoint.File(folder).load()
