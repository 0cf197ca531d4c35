"""A model that is loaded while another process or thread saves it again and again is one of those that were saved."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from seqwright import bundle

N_LOADS = int(os.environ.get("SEQWRIGHT_LOADS", "150"))
SAVE = """
import sys
from pathlib import Path
from seqwright import bundle

folder, names = Path(sys.argv[1]), sys.argv[2:]
models = [bundle.load(Path(name)) for name in names]
print("ready", flush=True)
while True:
    for model in models:
        bundle.save(folder, model)
"""


@pytest.fixture
def saved(trained: Path, tmp_path: Path) -> dict[float, Path]:
    """Return models by the number that is added to the weights and to the limits."""
    first, found = bundle.load(trained), {}
    for n in (0, 1, 2):
        limits = msgspec.structs.replace(first.limits, longest_target=first.limits.longest_target + n)
        weights = {name: array + np.float32(n) for name, array in first.weights.items()}
        found[n] = tmp_path / str(n)
        manifest = first.manifest | {"n": n}
        bundle.save(found[n], msgspec.structs.replace(first, weights=weights, limits=limits, manifest=manifest))
    return found


@contextmanager
def another_process(folder: Path, models: list[Path]) -> Iterator[None]:
    command = [sys.executable, "-c", SAVE, str(folder), *map(str, models)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        try:
            yield
            assert running.poll() is None, "saving failed"
        finally:
            running.kill()


@contextmanager
def another_thread(folder: Path, models: list[Path]) -> Iterator[None]:
    loaded, over, failed = [bundle.load(path) for path in models], threading.Event(), []

    def save() -> None:
        try:
            while not over.is_set():
                for model in loaded:
                    bundle.save(folder, model)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=save)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failed


@pytest.mark.parametrize("saving", [another_process, another_thread])
def test_a_load_during_saves_gives_one_of_the_models(saving, saved: dict[float, Path], tmp_path: Path) -> None:
    """SEQWRIGHT_LOADS=10000 tries as often as that."""
    folder = tmp_path / "model"
    expected = {n: bundle.load(path) for n, path in saved.items()}
    bundle.save(folder, expected[0])
    seen = set()
    with saving(folder, list(saved.values())):
        for _ in range(N_LOADS):
            found = bundle.load(folder)
            n = found.manifest["n"]
            seen.add(n)
            assert found.limits == expected[n].limits
            assert all(np.array_equal(array, expected[n].weights[name]) for name, array in found.weights.items())
            assert bundle.stamp(folder)
    assert len(seen) > 1, "nothing was saved meanwhile"
