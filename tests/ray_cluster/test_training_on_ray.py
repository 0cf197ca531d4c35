"""Members of ensembles and trials of searches, trained on a cluster of several nodes in this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqwright import config, training, tuning
from seqwright import ray as on_ray
from seqwright.cli.main import main
from seqwright.errors import UsageError
from seqwright.training.events import Event, Measured, Resumed
from tests.ray_cluster.processes import until, workers

pytest.importorskip("ray")

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("ignore")]  # Ray's own warnings

SETTINGS = [
    "model.hidden_size=32", "model.embedding_size=8", "training.epochs=40", "training.patience=none",
    "training.members=2", "training.report=false",
]  # fmt: skip


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(5)
    words = ["".join(rng.choice(list("abcdefgh"), rng.integers(3, 12))) for _ in range(400)]
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    path.write_text("".join(f"{word}\t{word[::-1]}\n" for word in words))
    return path


@pytest.fixture(scope="module")
def whole(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of the model whose members were trained in this process."""
    path = tmp_path_factory.mktemp("whole") / "model"
    training.train(pairs, output=path, config=config.parse({}, SETTINGS))
    return path


def weights(path: Path) -> bytes:
    return (path / "model.safetensors").read_bytes()


def arguments(pairs: Path, path: Path) -> list[str]:
    return ["train", str(pairs), "-o", str(path), *(f"--set={setting}" for setting in SETTINGS)]


def trained_in(model: Path, members: int) -> None:
    """Return when this number of members have a checkpoint."""
    paths = "members/*/checkpoints/last.safetensors"
    until(lambda: len(list(model.glob(paths))) >= members, f"checkpoints of {members} members")


def test_members_whose_worker_is_killed_continue_and_end_with_the_same_bytes(
    cluster: Any, pairs: Path, whole: Path, tmp_path: Path
) -> None:
    killed: list[int] = []
    events: list[Event] = []

    def kill() -> None:
        trained_in(tmp_path / "model", 2)
        raylets = [process.process.pid for node in cluster.list_all_nodes() for process in node.all_processes["raylet"]]
        [*_, last] = until(
            lambda: [pid for raylet in raylets for pid in workers(raylet, "train_network")], "a worker that trains"
        )
        os.kill(last, signal.SIGKILL)
        killed.append(last)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    training.train(
        pairs, output=tmp_path / "model", config=config.parse({}, SETTINGS), execute=on_ray.Cluster(),
        listen=events.append,
    )  # fmt: skip
    killer.join()
    assert killed
    assert {event.member for event in events if isinstance(event, Measured)} == {1, 2}
    [resumed] = [event for event in events if isinstance(event, Resumed)]
    assert resumed.epoch > 0
    assert weights(tmp_path / "model") == weights(whole)


@pytest.mark.parametrize("again", [["--ray"], []], ids=["with --ray", "without"])
def test_a_training_ended_by_ctrl_c_is_continued(
    cluster: Any, pairs: Path, whole: Path, tmp_path: Path, again: list[str]
) -> None:
    model = tmp_path / "model"
    command = [sys.executable, "-m", "seqwright", *arguments(pairs, model), "--ray", cluster.address]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        trained_in(model, 2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted" in errors
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    assert re.search(r"member +[12] +epoch +\d", errors)
    assert main([*arguments(pairs, model), *again]) == 0
    assert weights(model) == weights(whole)
    assert not (model / "members").exists()


def test_a_file_that_is_missing_is_named_before_a_connection_to_a_cluster(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(tmp_path / "none.tsv"), "--ray", "nowhere:1"]) == 1
    assert "none.tsv" in capsys.readouterr().err


def test_an_address_of_a_client_is_refused() -> None:
    with pytest.raises(UsageError, match="predict only"):
        on_ray.Cluster("ray://head:10001")


@pytest.mark.usefixtures("cluster")
def test_a_search_tries_several_settings_at_the_same_time_and_a_trial_has_the_same_scores(
    pairs: Path, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    quick = config.parse({}, [*SETTINGS[:2], "training.epochs=3", "training.cross_validation=0"])
    begun: list[int] = []
    most: list[int] = []

    def listen(event: object) -> None:
        if isinstance(event, tuning.Trying):
            begun.append(event.number)
        elif isinstance(event, tuning.Tried):
            most.append(len(begun))
            begun.remove(event.trial.number)

    found = tuning.tune(
        pairs, output=tmp_path / "tuned", config=quick, max_trials=5, listen=listen, execute=on_ray.Cluster()
    )
    assert sorted(trial.number for trial in found.trials) == [1, 2, 3, 4, 5]
    assert max(most) > 1
    assert not begun
    assert not list((tmp_path / "tuned" / "running").iterdir())
    alone = training.train(pairs, output=tmp_path / "model", config=found.config)
    assert alone.bundle.manifest["scores"]["dev_accuracy"] == found.best.dev_accuracy
    assert alone.bundle.manifest["scores"]["dev_ter"] == found.best.dev_ter
    again = tuning.tune(pairs, output=tmp_path / "tuned", config=quick, max_trials=5)
    assert again.trials == found.trials


def test_a_search_ended_by_ctrl_c_is_continued_without_a_cluster(cluster: Any, pairs: Path, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    tuned = tmp_path / "tuned"
    options = [str(pairs), "-o", str(tuned), "--trials", "3", *(f"--set={one}" for one in SETTINGS[:4])]
    command = [sys.executable, "-m", "seqwright", "tune", *options, "--ray", cluster.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: list(tuned.glob("running/*/checkpoints/last.safetensors")), "a checkpoint of a trial")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert main(["tune", *options]) == 0
    assert len((tuned / "best.toml").read_text("utf-8")) > 0
