"""Directories of encoded data that outlive a run: whole or absent, checked when they are opened, never in the way.

    .<name>.seqwright-cache/<key>/        an entry: its files, and check.json with size and CRC-32 of each
    .<name>.seqwright-cache/<…>.partial/  one being written, or what a killed run has left

An entry is written beside its place and renamed into it, so several runs may build the same one: the first to end wins.
Entries are never changed; deleting the directory is always safe.

What is kept: an entry is removed when another one is built in the same place, if it was not used for `UNUSED_S`, or if
`MOST_ENTRIES` others were used later. One that was used within `IN_USE_S` stays in any case: a run may be reading it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from seqwright import errors

__all__ = ["Building", "Place", "beside", "writing"]

CHECK = "check.json"
PARTIAL = ".partial"
ABANDONED_S = 3600.0  # a directory that nobody has written to for so long belongs to a run that was killed
CHUNK = 1 << 20
UNUSED_S = 30 * 86400.0
IN_USE_S = 7 * 86400.0  # longer than a training
MOST_ENTRIES = 3


class Place:
    """A directory of entries, which need not exist."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def find(self, key: str) -> Path | None:
        """Return the directory of an entry, or None where there is none or it is damaged."""
        entry = self.directory / key
        if not is_whole(entry):
            return None
        with contextlib.suppress(OSError):  # a place that is only read from
            os.utime(entry / CHECK)  # used now; see `_evict`
        return entry

    def build(self) -> Building:
        """Begin an entry.   OSError: nothing can be written there."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._remove_abandoned()
        self._evict()
        return Building(self.directory)

    def _remove_abandoned(self) -> None:
        for partial in self.directory.glob(f"*{PARTIAL}"):
            with contextlib.suppress(OSError):
                newest = max(path.stat().st_mtime for path in [partial, *partial.iterdir()])
                if time.time() - newest > ABANDONED_S:
                    shutil.rmtree(partial, ignore_errors=True)

    def _evict(self) -> None:
        """Remove entries that nobody has used lately."""
        used: list[tuple[float, Path]] = []
        for check in self.directory.glob(f"*/{CHECK}"):
            with contextlib.suppress(OSError):
                used.append((time.time() - check.stat().st_mtime, check.parent))
        for n, (age_s, entry) in enumerate(sorted(used)):
            if age_s > UNUSED_S or (age_s > IN_USE_S and n >= MOST_ENTRIES):
                going = entry.with_name(f"{entry.name}-unused{PARTIAL}")
                with contextlib.suppress(OSError):
                    entry.rename(going)  # in one step, so that it is whole or gone
                shutil.rmtree(going, ignore_errors=True)


class Building:
    """An entry in the making; leaving the `with` block removes what was not committed.

    path: write the files there.
    """

    path: Path

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.path = Path(tempfile.mkdtemp(suffix=PARTIAL, dir=directory))

    def __enter__(self) -> Building:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def commit(self, key: str) -> Path:
        """Make the files the entry of this key, or leave the one that another run has made; return its directory.

        OSError: it cannot be written.
        """
        found = {path.name: describe(path) for path in sorted(self.path.iterdir())}
        check = self.path / CHECK
        check.write_bytes(msgspec.json.encode(found))
        for path in self.path.iterdir():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())
        self.path.chmod(0o755)  # as any directory; mkdtemp makes private ones
        entry = self._directory / key
        damaged = self.path.with_name(f"{self.path.stem}-damaged{PARTIAL}")
        for _ in range(3):
            with contextlib.suppress(OSError):  # there is one already, for a directory with files is never replaced
                return self.path.rename(entry)
            if is_whole(entry):
                return entry
            with contextlib.suppress(OSError):
                entry.rename(damaged)  # out of the way in one step, because others may be looking at it
            shutil.rmtree(damaged, ignore_errors=True)
        raise OSError(None, f"the entry {key} cannot be put in its place")


def beside(path: Path | str) -> Place:
    """Return the place for the data of a file: beside it, or in the working directory for standard input."""
    if str(path) == "-":
        return Place(Path(".standard-input.seqwright-cache"))
    return Place(Path(path).parent / f".{Path(path).name}.seqwright-cache")


def describe(path: Path) -> tuple[int, int]:
    """Return size and CRC-32 of a file, read in small pieces."""
    size = crc = 0
    with path.open("rb") as stream:
        while data := stream.read(CHUNK):
            size += len(data)
            crc = zlib.crc32(data, crc)
    return size, crc


def is_whole(entry: Path) -> bool:
    """Return whether every file of the entry is as it was written."""
    try:
        expected = msgspec.json.decode((entry / CHECK).read_bytes(), type=dict[str, tuple[int, int]])
        return all(describe(entry / name) == found for name, found in expected.items())
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


@contextlib.contextmanager
def writing(place: Place) -> Iterator[None]:
    """Turn what can go wrong while an entry is written into an OutputError."""
    try:
        yield
    except OSError as fault:
        raise errors.OutputError(
            f"{place.directory}: the data is too large for memory and its cache cannot be written there "
            f"({fault.strerror or fault}); name a directory with room for it by --cache DIR"
        ) from None
