"""Members of an ensemble as tasks: the same bytes as one after another, whatever is interrupted and continued how."""

import functools
import itertools

import numpy as np
import pytest

from seqwright import bundle, config, training
from seqwright.report import history
from seqwright.training.events import Finished, Measured, Progressed, Resumed
from seqwright.training.execution import Ended, in_process

SETTINGS = [
    "model.hidden_size=12", "model.embedding_size=8", "training.epochs=4", "training.cross_validation=0",
    "training.batch_size=32", "training.members=3",
]  # fmt: skip


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    rng = np.random.default_rng(5)
    words = ["".join(rng.choice(list("abcde"), rng.integers(1, 7))) for _ in range(300)]
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    path.write_text("".join(f"{word}\t{word[::-1]}\n" for word in words))
    return path


@pytest.fixture(scope="module")
def whole(pairs, tmp_path_factory):
    """Return the directory of the model whose members were trained one after another."""
    path = tmp_path_factory.mktemp("whole") / "model"
    train(pairs, path)
    return path


def train(pairs, path, **options):
    return training.train(pairs, output=path, config=config.parse({}, SETTINGS), command=["test"], **options)


def in_turns(data, runs, stop):
    """Run all tasks at the same time, a step of each in turn."""
    steps = {run: run.task.run(data) for run in runs}
    try:
        while steps:
            for run in list(steps):
                if stop():
                    return
                step = next(steps[run], None)
                yield run, Ended() if step is None else step
                if step is None:
                    del steps[run]
    finally:
        for one in steps.values():
            one.close()


def assert_same(path, whole):
    files = {
        name: [(one / name).read_bytes() for one in (path, whole)] for name in ("model.safetensors", "manifest.json")
    }
    for name, (found, expected) in files.items():
        assert found == expected, name
    found, expected = (history.measurements(one / "metrics.jsonl") for one in (path, whole))
    untimed = [[(one.epoch, one.loss, one.dev_accuracy) for one in member] for member in found]
    assert untimed == [[(one.epoch, one.loss, one.dev_accuracy) for one in member] for member in expected]
    assert not {file.name for file in path.iterdir()} & {"members", "checkpoints"}


@pytest.mark.parametrize("execute", [in_process, in_turns])
def test_members_trained_as_tasks_are_the_same_bytes(pairs, whole, tmp_path, execute):
    train(pairs, tmp_path / "model", execute=execute)
    assert_same(tmp_path / "model", whole)


@pytest.mark.parametrize("before", [None, in_turns], ids=["one after another", "at the same time"])
@pytest.mark.parametrize("after", [None, in_turns], ids=["one after another", "at the same time"])
@pytest.mark.parametrize("n", [1, 6, 10])
def test_an_interrupted_training_is_continued_in_either_way(pairs, whole, tmp_path, before, after, n):
    measured = itertools.count(1)
    received = []

    def interrupt(event):
        if isinstance(event, Measured) and next(measured) == n:
            raise KeyboardInterrupt
        received.append(event)

    with pytest.raises(KeyboardInterrupt):
        train(pairs, tmp_path / "model", execute=before, listen=interrupt)
    assert received[-1].reason == "interrupted"
    train(pairs, tmp_path / "model", execute=after, listen=received.append)
    assert any(isinstance(event, Resumed) for event in received)
    assert_same(tmp_path / "model", whole)


def test_a_training_killed_at_its_end_is_completed(pairs, whole, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("seqwright.training.run._final_model", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(pairs, tmp_path / "model", execute=in_turns)
    assert (tmp_path / "model" / "members").is_dir()
    train(pairs, tmp_path / "model", execute=lambda *_: pytest.fail("all members are trained"))
    assert_same(tmp_path / "model", whole)


def test_events_of_members_have_their_number_and_progress_is_that_of_all(pairs, tmp_path):
    received = []
    train(pairs, tmp_path / "model", execute=functools.partial(in_turns), listen=received.append)
    assert {event.member for event in received if isinstance(event, Measured)} == {1, 2, 3}
    shares = [event.share for event in received if isinstance(event, Progressed)]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert isinstance(received[-1], Finished)
    assert received[-1].reason == "epochs"


def test_a_new_training_does_not_continue_the_members_of_an_earlier_one(pairs, whole, tmp_path):
    path = tmp_path / "model"

    def interrupt(event):
        if isinstance(event, Measured):
            raise KeyboardInterrupt

    other = config.parse({}, [*SETTINGS, "training.seed=7"])
    with pytest.raises(KeyboardInterrupt):
        training.train(pairs, output=path, config=other, execute=in_turns, listen=interrupt)
    assert (path / "members").is_dir()
    train(pairs, path, overwrite=True, execute=in_turns)
    assert_same(path, whole)
    assert len(bundle.load(path).networks) == 3
