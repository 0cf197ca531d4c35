"""A full object store, and a full disk: nothing is lost and nothing is answered twice."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqwright
from seqwright import ray as on_ray
from seqwright.ray import parts

ray = pytest.importorskip("ray")
filesystems = pytest.importorskip("pyarrow.fs")

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("ignore")]  # Ray's own warnings

STORE, ROW, N_ROWS = 80_000_000, 200_000, 600  # bytes, the smallest that Ray takes; bytes; 120 MB in all


@pytest.fixture(scope="module")
def small_store() -> Iterator[None]:
    """Connect to a machine whose object store is smaller than the rows."""
    os.environ.setdefault("RAY_worker_niceness", "0")
    ray.init(num_cpus=2, object_store_memory=STORE, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield
    ray.shutdown()


@pytest.mark.usefixtures("small_store")
def test_rows_that_exceed_the_object_store_are_each_answered_once(trained: Path) -> None:
    import ray.data

    words = ["abc", "hgf", "cab", "ade"]

    def with_payload(batch: dict[str, Any]) -> dict[str, Any]:
        ids = batch["id"]
        payload = [np.random.default_rng(n).bytes(ROW) for n in ids]
        return {"id": ids, "payload": payload, "source": [words[n % len(words)] for n in ids]}

    rows = ray.data.range(N_ROWS, override_num_blocks=30).map_batches(with_payload, batch_size=20).materialize()
    answered = on_ray.predict(rows, trained, batch_size=20, workers=1).materialize()  # both are in the store at once
    expected = {word: found[0].text for word, found in zip(words, seqwright.load(trained).predict(words), strict=True)}
    ids = []
    for row in answered.iter_rows():
        assert row["answer"] == expected[row["source"]]
        assert row["payload"] == np.random.default_rng(row["id"]).bytes(ROW)
        ids.append(row["id"])
    assert sorted(ids) == list(range(N_ROWS))


@pytest.mark.usefixtures("small_store")
def test_a_run_on_a_full_disk_names_the_reason_and_is_completed_when_there_is_space(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsspec = pytest.importorskip("fsspec")
    (tmp_path / "in.txt").write_text("abc\nhgf\ncab\nade\n" * 200)
    located = parts.located

    class Full(filesystems.FSSpecHandler):  # type: ignore[misc, name-defined]
        """A disk with room for three parts."""

        def open_output_stream(self, path: str, metadata: Any) -> Any:
            if len(list(Path(path).parent.glob("[!.]*.txt"))) >= 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().open_output_stream(path, metadata)

    def full(address: str) -> tuple[Any, str]:
        files, path = located(address)
        return (filesystems.PyFileSystem(Full(fsspec.filesystem("file"))) if "out" in address else files), path

    arguments = trained, str(tmp_path / "in.txt"), str(tmp_path / "out")
    with monkeypatch.context() as patched:
        patched.setattr(parts, "located", full)
        done = on_ray.predict_files(*arguments, part_bytes=400)
    assert "No space left" in done.failed[str(tmp_path / "in.txt")]
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.txt")}
    assert done.n_parts == len(before) < 8
    again = on_ray.predict_files(*arguments, part_bytes=400)
    assert (again.failed, again.n_present) == ({}, len(before))
    found = sorted((tmp_path / "out").glob("*.txt"))
    lines = [line.split("\t")[0] for path in found for line in path.read_text("utf-8").splitlines()]
    assert lines == ["abc", "hgf", "cab", "ade"] * 200
    assert all(path.stat().st_mtime_ns == before[path.name] for path in found if path.name in before)
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]
