"""Files and datasets answered on a cluster of several nodes in this machine, while nodes and actors are killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import pytest

import seqwright
from seqwright import ray as on_ray
from seqwright.cli.main import main
from seqwright.errors import UsageError
from tests.ray_cluster.processes import until, workers

pytest.importorskip("ray")

# Ray can wait without end after the loss of a node: a run that takes too long is ended and started again, as users do.
HANGS_S, TRIES = 150.0, 2
RUN = """
import json, sys
from seqwright import ray
model, files, output, address = sys.argv[1:]
done = ray.predict_files(model, files, output, part_bytes=10_000, address=address)
print(json.dumps(done.failed))
"""

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("ignore")]  # Ray's own warnings


def write(folder: Path, n_files: int, n_records: int) -> list[str]:
    """Write files of JSON lines, return the words of all records."""
    folder.mkdir()
    words = [f"{'abcdefgh'[i % 8]}{'hgfedcba'[i // 8 % 8]}{'aceg'[i // 64 % 4]}" for i in range(n_files * n_records)]
    for n in range(n_files):
        some = words[n * n_records : (n + 1) * n_records]
        lines = [json.dumps({"id": n * n_records + i, "source": word}) for i, word in enumerate(some)]
        (folder / f"{n}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return words


def answered(model: Path, files: Path, output: Path, address: str) -> dict[str, str]:
    """Answer files in a process of its own, again if it hangs, and return the files that could not be read."""
    command = [sys.executable, "-c", RUN, str(model), str(files), str(output), address]
    for _ in range(TRIES):
        with contextlib.suppress(subprocess.TimeoutExpired):
            done = subprocess.run(command, capture_output=True, text=True, timeout=HANGS_S)
            assert done.returncode == 0, done.stderr
            [line] = [line for line in done.stdout.splitlines() if line.startswith("{")]  # Ray prints others
            failed: dict[str, str] = json.loads(line)
            return failed
    raise AssertionError(f"{TRIES} runs took more than {HANGS_S:g} s each")


@contextlib.contextmanager
def stopped(processes: list[int]) -> Iterator[None]:
    """Stop processes for a while."""
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):  # killed since
                os.kill(pid, signal.SIGCONT)


def answers(folder: Path) -> list[dict[str, Any]]:
    """Return the records of all files, in order."""
    texts = [path.read_text("utf-8") for path in sorted(folder.glob("*.jsonl"))]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_nodes_and_actors_that_are_killed_lose_nothing_and_repeat_nothing(
    cluster: Any, trained: Path, tmp_path: Path
) -> None:
    words = write(tmp_path / "in", 3, 3_000)
    (tmp_path / "in" / "2a.jsonl").write_text('{"source": "abc"}\n{"sou')
    node = cluster.add_node(num_cpus=1, object_store_memory=10**8)
    raylets = [process.process.pid for one in cluster.list_all_nodes() for process in one.all_processes["raylet"]]

    def actors() -> list[int]:
        return [pid for raylet in raylets for pid in workers(raylet, "MapWorker")]

    def kill() -> list[str]:
        until(lambda: len(list((tmp_path / "out").glob("*.jsonl"))) >= 3, "three answered parts")
        with stopped(actors()):  # so that the run cannot end in the seconds that the loss of a node takes
            cluster.remove_node(node, allow_graceful=False)
            actor, *_ = until(actors, "an actor of another node")
            os.kill(actor, signal.SIGKILL)
        return ["node", "actor"]

    with futures.ThreadPoolExecutor(1) as killer:
        killed = killer.submit(kill)
        failed = answered(trained, tmp_path / "in", tmp_path / "out", cluster.address)
        assert killed.result() == ["node", "actor"]
    assert list(failed) == [str(tmp_path / "in" / "2a.jsonl")]
    found = answers(tmp_path / "out")
    assert [one["id"] for one in found] == list(range(len(words)))
    expected = seqwright.load(trained).predict(words[:256])
    assert [one["answer"] for one in found[:256]] == [hypotheses[0].text for hypotheses in expected]
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.usefixtures("cluster")
def test_a_run_that_is_started_again_answers_what_is_missing(trained: Path, tmp_path: Path) -> None:
    write(tmp_path / "in", 2, 50)
    arguments = ["predict", str(trained), f"{tmp_path}/in/*.jsonl", "--ray", "--output", str(tmp_path / "out")]
    assert main(arguments) == 0
    whole = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "out").iterdir()}
    path = tmp_path / "out" / "1.jsonl"
    path.unlink()
    (path.parent / f".{'0' * 32}.0.jsonl").touch()  # of an actor that was killed, in a run that was killed too
    assert main(arguments) == 0
    again = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "out").iterdir()}
    assert {name: data for name, (data, _) in again.items()} == {name: data for name, (data, _) in whole.items()}
    assert [name for name in whole if whole[name][1] != again[name][1]] == [path]
    with pytest.raises(UsageError, match="other options"):
        on_ray.predict_files(trained, f"{tmp_path}/in", str(tmp_path / "out"), source_column="source")


def test_a_missing_file_is_named_before_a_connection_to_a_cluster(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["predict", str(trained), str(tmp_path / "none.txt"), "--ray", "nowhere:1", "-o", str(tmp_path / "out")]
    assert main(command) == 1
    assert "none.txt: no such file" in capsys.readouterr().err


@pytest.mark.usefixtures("cluster")
def test_a_dataset_gets_columns_of_answers(trained: Path) -> None:
    import ray.data

    words = ["abc", "hgf", "cab"] * 5
    dataset = ray.data.from_items([{"n": n, "word": word} for n, word in enumerate(words)])
    rows = on_ray.predict(dataset, trained, source="word", workers=1).take_all()
    expected = seqwright.load(trained).predict(words)
    found = {row["n"]: (row["answer"], row["score"]) for row in rows}
    for n, hypotheses in enumerate(expected):
        assert found[n] == (hypotheses[0].text, pytest.approx(hypotheses[0].score, abs=1e-6))
