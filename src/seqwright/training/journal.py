"""Who hears of a training's events: the listener, and metrics.jsonl in the model directory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from seqwright.errors import OutputError
from seqwright.training.events import Event, Listener, Progressed

__all__ = ["Journal", "writing"]


class Journal:
    """Tells each event to the listener; writes all but `Progressed` to metrics.jsonl.

    Nothing is written before there is a model that it tells of: until then the file may be that of another one.
    size: bytes written.   pending: lines that wait for a model.
    """

    size: int
    pending: bytes

    def __init__(self, path: Path, listen: Listener) -> None:
        self._path, self._listen = path, listen
        self._mode, self._writes = "wb", False
        self.size = 0
        self.pending = b""

    def go_on(self, size: int, pending: bytes) -> None:
        """Continue from these; what is told of later events will be told again."""
        self.pending = pending
        with writing(self._path):
            if size and self._path.exists():
                os.truncate(self._path, size)
                self._mode, self.size, self._writes = "ab", size, True

    def begin_writing(self) -> None:
        """Write from now on: the model is there."""
        self._writes = True
        self._write()

    def tell(self, event: Event) -> None:
        if not isinstance(event, Progressed):
            self.pending += msgspec.json.encode(event) + b"\n"
        self._write()
        self._listen(event)

    def _write(self) -> None:
        if self._writes and self.pending:
            with writing(self._path), self._path.open(self._mode) as stream:
                stream.write(self.pending)
            self.size += len(self.pending)
            self.pending, self._mode = b"", "ab"


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot write there: {error.strerror}; choose another --output") from None
