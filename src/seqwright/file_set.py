"""Files that are whole or as they were: a writer killed at any moment leaves what stood there, or what it wrote.

So does a power failure, where the system flushes directories: a name is flushed before anything relies on it.

`write` is for one file, `replace` for several of a directory: all old ones or all new ones. For that, new files are
written and flushed in a folder of their own, which is then renamed to `.next`. From that moment they are the files of
the directory, wherever they are, and are moved into their places one after the other. A `.next` that is found later was
left by a killed writer, and the next one goes on with it.

One process writes at a time. Any number may read meanwhile: `opened` lends the files of one set.
"""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

__all__ = ["Data", "negligible", "opened", "place", "remove", "replace", "write"]

Data = bytes | Sequence[bytes | memoryview]  # a file, or its parts in order

NEXT = ".next"
PATIENCE_S = 30.0
NEGLIGIBLE = (".*.partial", ".ds_store", "._*", "thumbs.db", "desktop.ini", ".directory", "*~", ".*.sw?", "#*#")


def write(path: Path, data: Data) -> None:
    """Write a file to a directory that is there.   OSError: the file that was there stays."""
    _remove_partials(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _flushed(partial, data)
        partial.replace(path)
        _flush_names(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file, where it is there, and what killed writers left of it.   OSError: no permission."""
    path.unlink(missing_ok=True)
    _remove_partials(path)


def place(directory: Path, name: str) -> Path:
    """Return the path of a file of the directory, which need not exist."""
    moving = directory / NEXT / name
    return moving if moving.exists() else directory / name


@contextlib.contextmanager
def opened(directory: Path, names: Iterable[str]) -> Iterator[dict[str, BinaryIO]]:
    """Lend the open files of one set by name, without those that are absent.

    All files are opened, then all names are looked up again. A file that was replaced never returns, so where each
    name still leads to the file that was opened, all were current at one moment in between; else it begins again.
    OSError: no permission; TimeoutError: the set was replaced each time.
    """
    names = list(names)
    last = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.ExitStack() as stack:
            files = {name: stack.enter_context(file) for name in names if (file := _open(directory, name)) is not None}
            if all(_is_current(directory, name, files.get(name)) for name in names):
                yield files
                return
        if time.monotonic() > last:
            raise TimeoutError(None, "it is being replaced again and again", str(directory))
        time.sleep(1e-3)


def _open(directory: Path, name: str) -> BinaryIO | None:
    for path in (directory / NEXT / name, directory / name):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return path.open("rb")
    return None


def _is_current(directory: Path, name: str, file: BinaryIO | None) -> bool:
    """Return whether the name leads to the open file, or to none as before."""
    for path in (directory / NEXT / name, directory / name):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            found = path.stat()
            return file is not None and os.path.samestat(found, os.fstat(file.fileno()))
    return file is None


def negligible(path: Path) -> bool:
    """Return whether a file in a directory is of no account: a file manager's or an editor's, or a killed writer's."""
    return any(fnmatch.fnmatchcase(path.name.lower(), pattern) for pattern in NEGLIGIBLE)


def replace(directory: Path, files: Mapping[str, Data]) -> None:
    """Write the files, by name, to the directory, which is made if need be.   OSError: those that were there stay."""
    directory.mkdir(parents=True, exist_ok=True)
    for left in directory.glob(".set.*.partial"):
        shutil.rmtree(left)
    partial = directory / f".set.{os.getpid()}.partial"
    try:
        partial.mkdir()
        for name, data in files.items():
            _flushed(partial / name, data)
        _flush_names(partial)
        _move(directory)
        partial.rename(directory / NEXT)
        _flush_names(directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    with contextlib.suppress(OSError):  # a file that is open elsewhere, on Windows: it is moved the next time
        _move(directory)


def _remove_partials(path: Path) -> None:
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        left.unlink(missing_ok=True)


def _flushed(path: Path, data: Data) -> None:
    with path.open("wb") as stream:
        for part in [data] if isinstance(data, bytes) else data:
            stream.write(part)
        stream.flush()
        os.fsync(stream.fileno())


def _flush_names(directory: Path) -> None:
    """Flush which names a directory holds; Windows opens no directory, and some file systems flush none."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _move(directory: Path) -> None:
    """Move the content of `.next` to its places."""
    moving = directory / NEXT
    if not moving.is_dir():
        return
    for file in list(moving.iterdir()):
        if negligible(file):  # a file manager's, on this folder
            file.unlink()
        else:
            file.replace(directory / file.name)
    _flush_names(directory)
    moving.rmdir()
