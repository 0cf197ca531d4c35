"""Several processes train one model: the first one is the training, the others compute their shares of its batches."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqwright import config, training

pytest.importorskip("torch", reason="the engine needs PyTorch: pip install seqwright[torch]")
if sys.platform != "linux":
    pytest.skip("the processes of a training are found in /proc", allow_module_level=True)

SETTINGS = [
    "--set=model.hidden_size=8", "--set=model.embedding_size=4", "--set=training.report=false", "--checkpoint-every=1s",
    "--epochs=12",
]  # fmt: skip
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def torchrun(n, *, restarts=0):
    """Return the command that starts n processes."""
    return [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(n), "--max-restarts", str(restarts),
    ]  # fmt: skip


def started(n, pairs, output, *more, restarts=0):
    """Return a training in n processes."""
    command = ["-m", "seqwright", "train", str(pairs), "--device", "cpu", "-o", str(output), *SETTINGS, *more]
    return subprocess.Popen(
        [*torchrun(n, restarts=restarts), *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip


def finished(process):
    """Return the exit code, the results and the progress of a training."""
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def losses(output):
    lines = map(json.loads, (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    return [line["loss"] for line in lines if line["type"] == "measured"]


def ranks(process):
    """Return the process ids of a training's ranks."""
    return list(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()))


def kill_one(process, output, *, after):
    """Kill the last rank with SIGKILL when the training has measured `after` times."""
    while not (output / "metrics.jsonl").is_file() or len(losses(output)) < after:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.kill(ranks(process)[-1], signal.SIGKILL)


@pytest.fixture(scope="module")
def two(tmp_path_factory, reversals):
    """Return the files of pairs and the model directory of a training in two processes, and what it printed."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "pairs.tsv").write_text(reversals, encoding="utf-8")
    return folder / "pairs.tsv", folder / "model", finished(started(2, folder / "pairs.tsv", folder / "model"))


def test_only_the_first_process_prints(two):
    _, _, (code, out, err) = two
    assert code == 0, err
    assert out == ""
    assert err.count("done ") == 1
    assert "2 processes" in err


def test_two_and_three_processes_train_like_one(two, tmp_path):
    pairs, model, _ = two
    code, _, err = finished(started(3, pairs, tmp_path / "three", "--epochs=2"))
    assert code == 0, err
    for n, output in (2, model), (3, tmp_path / "three"):
        epochs = 12 if n == 2 else 2
        settings = [
            "model.hidden_size=8",
            "model.embedding_size=4",
            f"training.epochs={epochs}",
            "training.report=false",
        ]
        training.train(pairs, output=tmp_path / f"one{n}", config=config.parse({}, [*settings, "training.device=cpu"]))
        assert losses(output)[:2] == pytest.approx(losses(tmp_path / f"one{n}")[:2], rel=1e-4)


def test_a_training_with_a_killed_process_is_restarted_and_ends_with_the_same_bytes(two, tmp_path):
    pairs, whole, _ = two
    process = started(2, pairs, tmp_path / "killed", restarts=1)
    kill_one(process, tmp_path / "killed", after=3)
    code, _, err = finished(process)
    assert code == 0, err
    assert "resumed" in err
    assert (tmp_path / "killed" / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert losses(tmp_path / "killed") == losses(whole)


def test_a_training_is_continued_by_another_number_of_processes(two, tmp_path):
    pairs, whole, _ = two
    process = started(2, pairs, tmp_path / "model")
    kill_one(process, tmp_path / "model", after=3)
    assert finished(process)[0] != 0
    code, _, err = finished(started(3, pairs, tmp_path / "model"))
    assert code == 0, err
    assert "resumed" in err
    assert losses(tmp_path / "model")[:4] == pytest.approx(losses(whole)[:4], rel=1e-3)


THREADS = """
import contextlib, pathlib, sys
import seqwright
from seqwright import config

if __name__ == "__main__":
    _, pairs, output = sys.argv
    settings = ["model.hidden_size=8", "training.epochs=1", "training.report=false", "training.device=cpu"]
    seqwright.train(pairs, output=output, config=config.parse({}, settings))
    names = []
    for thread in pathlib.Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # another thread that has just ended
            names.append((thread / "comm").read_text())
    print(sum("gloo_runloop" in name for name in names), "threads")
"""


def test_no_thread_of_the_process_group_outlives_the_training(two, tmp_path):
    # One that still frees a tensor when the interpreter ends would abort the process.
    pairs, _, _ = two
    (tmp_path / "program.py").write_text(THREADS, encoding="utf-8")
    command = [*torchrun(2), tmp_path / "program.py", pairs, tmp_path / "model"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["0 threads"] * 2
