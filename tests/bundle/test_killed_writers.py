"""A process that is killed while it saves a model, or a file, at any file operation: the old or the new one is there.

The processes are real ones, which end at an operation without anything that would clean up behind them.
"""

import os
import shutil
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import msgspec
import pytest

from seqwright import bundle, file_set
from seqwright.errors import ModelError

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
OPERATIONS = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.rmtree"}


def killed(at: int, work: Callable[[], None], *, within: Path | None = None) -> bool:
    """Do the work in another process, which ends before its file operation `at`; return whether it came to it.

    within: count operations on files of this directory only.
    """
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 9), f"the work failed with exit code {code}"
        return code == 9
    done = count()

    def hook(event: str, args: tuple[object, ...]) -> None:
        counts = event in OPERATIONS and (within is None or any(str(within) in str(one) for one in args))
        if counts and next(done) == at:
            os._exit(9)

    try:
        sys.addaudithook(hook)
        work()
    except BaseException:
        os._exit(1)
    os._exit(0)


def stamps(*models: bundle.Bundle, folder: Path) -> list[str]:
    """Return what each model is known by."""
    found = []
    for number, model in enumerate(models):
        bundle.save(folder / str(number), model)
        found.append(bundle.stamp(folder / str(number)))
    return found


def plus(model: bundle.Bundle, n: int) -> bundle.Bundle:
    return msgspec.structs.replace(model, weights={name: array + n for name, array in model.weights.items()})


def loaded(directory: Path) -> str:
    """Return the stamp of the model in a directory, all of which was read."""
    bundle.load(directory)
    return bundle.stamp(directory)


def test_a_save_that_is_killed_leaves_the_old_model_or_the_new_one(trained, tmp_path):
    old = bundle.load(trained)
    new, newer = plus(old, 1), plus(old, 2)
    names = stamps(old, new, newer, folder=tmp_path / "apart")
    seen = []
    for n in count():
        directory = Path(shutil.copytree(trained, tmp_path / f"model{n}"))
        if not killed(n, lambda directory=directory: bundle.save(directory, new)):
            break
        seen.append(names.index(loaded(directory)))
        bundle.save(directory, newer)
        assert loaded(directory) == names[2]
        assert {file.name for file in directory.iterdir()} == {file.name for file in trained.iterdir()}
    assert seen == sorted(seen), "the new model was there, and then the old one again"
    assert seen.count(0) > 5
    assert seen.count(1) > 5


def test_a_save_that_is_killed_behind_one_that_was_leaves_one_of_their_models(trained, tmp_path):
    old = bundle.load(trained)
    new, newer = plus(old, 1), plus(old, 2)
    names = stamps(new, newer, folder=tmp_path / "apart")
    for n in count():
        half = Path(shutil.copytree(trained, tmp_path / f"half{n}"))
        assert killed(n, lambda half=half: bundle.save(half, new))
        if len(list(half.glob(f"{file_set.NEXT}/*"))) == 2:
            break
    seen = []
    for n in count():
        directory = Path(shutil.copytree(half, tmp_path / f"model{n}"))
        if not killed(n, lambda directory=directory: bundle.save(directory, newer)):
            break
        seen.append(names.index(loaded(directory)))
    assert seen == sorted(seen)
    assert len(set(seen)) == 2


def test_a_first_save_that_is_killed_leaves_no_model_or_a_whole_one(trained, tmp_path):
    model = bundle.load(trained)
    seen = []
    for n in count():
        directory = tmp_path / f"model{n}"
        if not killed(n, lambda directory=directory: bundle.save(directory, model)):
            break
        try:
            seen.append(bool(loaded(directory)))
        except ModelError:
            seen.append(False)
        assert seen[-1] == bundle.exists(directory)
        assert bundle.weights_file(directory).exists() == seen[-1]
    assert seen == sorted(seen)
    assert len(set(seen)) == 2


def test_a_file_whose_writer_is_killed_is_the_old_one_or_the_new_one(tmp_path):
    seen = []
    for n in count():
        directory = tmp_path / str(n)
        directory.mkdir()
        path = directory / "a [b].bin"  # a name that means something to a pattern
        path.write_bytes(b"old")
        if not killed(n, lambda path=path: file_set.write(path, b"new" * 100_000)):
            break
        seen.append(path.read_bytes() != b"old")
        assert path.read_bytes() in (b"old", b"new" * 100_000)
        file_set.write(path, b"newer")
        assert [(file.name, file.read_bytes()) for file in directory.iterdir()] == [(path.name, b"newer")]
    assert seen == sorted(seen)
    assert seen.count(False) > 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what a descriptor is of is read from /proc")
def test_what_is_renamed_was_flushed_and_its_new_name_is_flushed_before_anything_relies_on_it(tmp_path, monkeypatch):
    done = []
    fsync, rename, replace = os.fsync, Path.rename, Path.replace

    def flushed(descriptor):
        done.append(("flush", Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    def renamed(how):
        def noted(path, target):
            done.append(("rename", path, Path(target)))
            return how(path, target)

        return noted

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "rename", renamed(rename))
    monkeypatch.setattr(Path, "replace", renamed(replace))

    file_set.write(tmp_path / "file", b"new")
    [(_, part), (_, source, target), after] = done
    assert (part, target, after) == (source, tmp_path / "file", ("flush", tmp_path))

    done.clear()
    file_set.replace(tmp_path / "set", {"a": b"1", "b": b"2"})
    folder, following = tmp_path / "set", tmp_path / "set" / file_set.NEXT
    [renaming] = [n for n, step in enumerate(done) if step[-1] == following]
    part = done[renaming][1]
    assert done[:renaming] == [("flush", part / "a"), ("flush", part / "b"), ("flush", part)]
    assert done[renaming + 1] == ("flush", folder)
    moves = {("rename", following / name, folder / name) for name in "ab"}
    assert set(done[renaming + 2 : -1]) == moves
    assert done[-1] == ("flush", folder)


def test_a_file_is_replaced_and_never_written_over(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        file_set.write(path, b"newer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"newer"
