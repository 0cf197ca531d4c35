"""Sequences of ids that grow while the text is read: in memory while they are few, then in files."""

import contextlib
from array import array
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from seqwright.types import Ids

__all__ = ["Portion", "Spool"]

BUFFER = 1 << 20  # numbers
ROWS = 1 << 16  # sequences in a portion at most
IDS = 1 << 22  # ids in a portion, unless one sequence alone has more


class Portion(NamedTuple):
    """Some neighbouring sequences, end to end."""

    first: int  # row of the first one
    lengths: Ids  # (n,)
    ids: Ids  # (lengths.sum(),)


class Spool:
    """int32 sequences, one row each, end to end."""

    def __init__(self) -> None:
        self._ids, self._lengths = Numbers(), Numbers()

    def __len__(self) -> int:
        """Return how many sequences there are."""
        return len(self._lengths)

    def add(self, ids: Collection[int]) -> None:
        """Append a sequence.   OSError: the disk is full."""
        self._ids.extend(ids)
        self._lengths.extend((len(ids),))

    def move_to(self, path: Path) -> None:
        """Keep the sequences in files of this name and an ending from now on."""
        self._ids.move_to(path.with_name(path.name + ".ids"))
        self._lengths.move_to(path.with_name(path.name + ".lengths"))

    def close(self) -> None:
        """Remove the files; nothing can be read any more."""
        self._ids.close()
        self._lengths.close()

    def portions(self) -> Iterator[Portion]:
        """Yield all sequences in order, some at a time."""
        row, at = 0, 0
        while row < len(self):
            lengths = self._lengths.read(row, min(row + ROWS, len(self)))
            ends = np.cumsum(lengths, dtype=np.int64)
            n = max(1, int(np.searchsorted(ends, IDS, side="right")))
            yield Portion(row, lengths[:n], self._ids.read(at, at + int(ends[n - 1])))
            row, at = row + n, at + int(ends[n - 1])

    def lengths(self) -> Iterator[Ids]:
        """Yield the lengths of all sequences in order, some at a time."""
        for row in range(0, len(self), ROWS):
            yield self._lengths.read(row, min(row + ROWS, len(self)))


class Numbers:
    """int32 numbers at the end of which more are written."""

    def __init__(self) -> None:
        self._tail = array("i")  # what is in no file
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._n_in_file = 0

    def __len__(self) -> int:
        return self._n_in_file + len(self._tail)

    def extend(self, numbers: Iterable[int]) -> None:
        self._tail.extend(numbers)
        if self._file is not None and len(self._tail) > BUFFER:
            self._write()

    def move_to(self, path: Path) -> None:
        self._path, self._file = path, path.open("w+b")
        self._write()

    def read(self, start: int, stop: int) -> Ids:
        if self._file is None:
            return np.frombuffer(self._tail, np.int32)[start:stop] if len(self._tail) else np.empty(0, np.int32)
        self._write()
        self._file.flush()
        assert self._path is not None
        return np.fromfile(self._path, np.int32, stop - start, offset=4 * start)

    def close(self) -> None:
        self._tail = array("i")
        with contextlib.suppress(OSError):  # what a full disk has not taken is not wanted any more
            if self._file is not None:
                self._file.close()
        with contextlib.suppress(OSError):
            if self._path is not None:
                self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        assert self._file is not None
        if self._tail:
            self._tail.tofile(self._file)
            self._n_in_file += len(self._tail)
            self._tail = array("i")
