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
    """Tells each event to the listener; writes all but `Progressed` to metrics.jsonl once there is something beside it.

    keeps: whether there is.   size: bytes written.
    """

    def __init__(self, path: Path, listen: Listener) -> None:
        self._path, self._listen = path, listen
        self._pending = b""
        self._mode = "wb"
        self.keeps = False
        self.size = 0

    def go_on(self, size: int) -> None:
        """Continue the file behind its first `size` bytes; what is told of later events will be told again."""
        with writing(self._path):
            if size and self._path.exists():
                os.truncate(self._path, size)
                self._mode, self.size, self.keeps = "ab", size, True

    def tell(self, event: Event) -> None:
        if not isinstance(event, Progressed):
            self._pending += msgspec.json.encode(event) + b"\n"
        if self.keeps and self._pending:
            with writing(self._path):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open(self._mode) as stream:
                    stream.write(self._pending)
            self.size += len(self._pending)
            self._pending, self._mode = b"", "ab"
        self._listen(event)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot write there: {error.strerror}; choose another --output") from None
