"""Event files, read back by the protocol buffers and the checksum of another package."""

import struct

import pytest
from tensorboardX.proto import event_pb2
from tensorboardX.record_writer import masked_crc32c

from seqwright import config, training
from seqwright.errors import OutputError
from seqwright.training.event_file import EventFile
from seqwright.training.events import Example, Measured, Progressed
from seqwright.training.execution import in_process
from seqwright.training.tensorboard import TensorBoard, table

SETTINGS = [
    "model.hidden_size=8",
    "model.embedding_size=4",
    "training.epochs=3",
    "training.log=tensorboard",
    "training.cross_validation=0",
]
START = event_pb2.SessionLog.START


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


def read(folder):
    """Return the events of all files of a folder, in the order in which TensorBoard reads them."""
    events = []
    for path in sorted(folder.glob("*.tfevents.*")):
        data = path.read_bytes()
        while data:
            [size] = struct.unpack("<Q", data[:8])
            assert struct.unpack("<I", data[8:12]) == (masked_crc32c(data[:8]),)
            assert struct.unpack("<I", data[12 + size : 16 + size]) == (masked_crc32c(data[12 : 12 + size]),)
            events.append(event_pb2.Event.FromString(data[12 : 12 + size]))
            data = data[16 + size :]
    return events


def curve(events, tag):
    return [(event.step, value.simple_value) for event in events for value in event.summary.value if value.tag == tag]


def train(pairs, output, *settings, stop_after=None, **options):
    """Return the measurements of a training, which is interrupted after `stop_after` of them."""
    events = []

    def listen(event):
        events.append(event)
        if sum(isinstance(event, Measured) for event in events) == stop_after:
            raise KeyboardInterrupt

    training.train(pairs, output=output, config=config.parse({}, [*SETTINGS, *settings]), listen=listen, **options)
    return [event for event in events if isinstance(event, Measured)]


def test_curves_hold_the_measurements_by_the_pairs_seen(pairs, tmp_path):
    measured = train(pairs, tmp_path / "model")
    events = read(tmp_path / "model" / "tensorboard")
    assert events[0].file_version == "brain.Event:2"
    n_pairs = len(pairs.read_text().splitlines()) * 9 // 10
    steps, accuracies = zip(*curve(events, "dev/accuracy"), strict=True)
    assert steps[1] == 2 * steps[0] == pytest.approx(2 * n_pairs, abs=10)
    assert accuracies == pytest.approx([event.dev_accuracy for event in measured])
    assert len(curve(events, "training/loss_between_measurements")) == 3


def test_dev_examples_are_a_text_that_changes_with_the_steps(pairs, tmp_path):
    measured = train(pairs, tmp_path / "model")
    values = [v for e in read(tmp_path / "model" / "tensorboard") for v in e.summary.value if v.tag == "dev/examples"]
    assert [v.tensor.string_val[0].decode() for v in values] == [table(event) for event in measured]
    assert {v.metadata.plugin_data.plugin_name for v in values} == {"text"}
    assert all(e.source in v.tensor.string_val[0].decode() for v in values for e in measured[0].examples)


def test_a_cell_of_the_table_stays_one_cell():
    rows = table(Measured(1, 1, 1, 1, True, 1, [Example("a|b", "c\nd", "e", False)])).splitlines()
    assert rows[2:] == ["| a\\|b | c d | wrong: e |"]


def test_a_resumed_training_takes_back_only_what_it_will_tell_again(pairs, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(pairs, tmp_path / "model", stop_after=2)
    train(pairs, tmp_path / "model")
    events = read(tmp_path / "model" / "tensorboard")
    [restart] = [i for i, event in enumerate(events) if event.session_log.status == START]
    before, after = curve(events[:restart], "dev/accuracy"), curve(events[restart:], "dev/accuracy")
    kept = [point for point in before if point[0] < events[restart].step]  # as TensorBoard purges
    assert len(kept) == 2
    assert len(after) == 1
    assert len({step for step, _ in kept + after}) == 3


def test_a_new_training_in_the_place_of_an_old_one_leaves_no_old_curves(pairs, tmp_path):
    train(pairs, tmp_path / "model")
    train(pairs, tmp_path / "model", overwrite=True)
    assert len(curve(read(tmp_path / "model" / "tensorboard"), "dev/accuracy")) == 3


def test_each_member_of_an_ensemble_is_a_run_of_its_own(pairs, tmp_path):
    train(pairs, tmp_path / "model", "training.members=2", "training.epochs=1")
    for member in (1, 2):
        assert len(curve(read(tmp_path / "model" / "tensorboard" / f"member-{member}"), "dev/accuracy")) == 1


def test_curves_do_not_change_the_model_nor_what_can_be_resumed(pairs, tmp_path):
    train(pairs, tmp_path / "with")
    train(pairs, tmp_path / "without", "training.log=none")
    with pytest.raises(KeyboardInterrupt):
        train(pairs, tmp_path / "changed", "training.log=none", stop_after=1)
    train(pairs, tmp_path / "changed")
    models = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("with", "without", "changed")]
    assert models[0] == models[1] == models[2]


def test_large_steps_and_long_texts_come_back(tmp_path):
    file = EventFile(tmp_path)
    file.scalars(5_000_000_000, {"a": 0.5, "b": float("inf")})
    file.text(300, "tag", "ü" * 70_000)
    _, first, second = read(tmp_path)
    assert first.step == 5_000_000_000
    assert [value.simple_value for value in first.summary.value] == [0.5, float("inf")]
    assert second.summary.value[0].tensor.string_val[0].decode() == "ü" * 70_000


def test_two_files_of_one_second_are_two_files_in_order(tmp_path):
    for step in (1, 2, 3):
        EventFile(tmp_path).scalars(step, {"a": 1})
    assert curve(read(tmp_path), "a") == [(1, 1), (2, 1), (3, 1)]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "tensorboard").write_text("a file")
    with pytest.raises(OutputError, match="tensorboard"):
        TensorBoard(tmp_path / "tensorboard")(Measured(1, 1, 1, 1, True, 1))


def test_the_points_of_a_long_training_are_few(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(EventFile, "scalars", lambda _self, step, _curves: written.append(step))
    board = TensorBoard(tmp_path)
    week = 7 * 24 * 3600
    for n in range(1, week // 60):  # a minute each
        board(Progressed(n / 100, 0.5, 1.0, 1e-3, 1.0, 1.0, 60.0 * n, 1.0, None))
    assert 100 < len(written) < 5_000
    written.clear()
    board = TensorBoard(tmp_path / "short")
    for n in range(1, 400):
        board(Progressed(n / 100, 0.5, 1.0, 1e-3, 1.0, 1.0, n / 4, 1.0, None))
    assert len(written) == 399, "a short training has every point"


def test_members_trained_as_tasks_have_the_measured_points_of_those_trained_one_after_another(pairs, tmp_path):
    tag = "dev/accuracy"
    for name, execute in (("one after another", None), ("tasks", in_process)):
        train(pairs, tmp_path / name, "training.members=2", execute=execute)
    for member in ("member-1", "member-2"):
        expected, found = (
            curve(read(tmp_path / name / "tensorboard" / member), tag) for name in ("one after another", "tasks")
        )
        assert expected
        assert found == expected
