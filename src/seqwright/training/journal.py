"""The subscriber that writes metrics.jsonl: a line in JSON for each event but `Progressed`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from seqwright.training.checkpoint import Checkpoint
from seqwright.training.events import Event, Progressed
from seqwright.training.output import writing

__all__ = ["Journal", "events", "line"]


def line(event: Event) -> bytes:
    """Return the line of an event."""
    return msgspec.json.encode(event) + b"\n"


def events(lines: bytes) -> Iterator[Event]:
    """Yield the events of some lines."""
    for one in lines.splitlines():
        yield msgspec.json.decode(one, type=Event)


class Journal:
    """The lines of metrics.jsonl, in the file and pending.

    It receives each event twice. `add`, before the checkpoint is saved, appends a line to the pending ones, which the
    checkpoint holds. `write`, after the model is saved, appends them to the file. Until this training has saved a
    model, nothing is written, since the file may belong to the previous model.

    has_model: whether this process has saved one.   size: bytes of the file.   pending: lines not written yet.
    """

    def __init__(self, path: Path, *, has_model: Callable[[], bool]) -> None:
        self._path, self._has_model = path, has_model
        self._continues = False  # the file has lines of this training
        self.size: int = 0
        self.pending: bytes = b""

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue as a checkpoint has it; lines of later events are removed, as these events will come again."""
        self.pending = checkpoint.journal
        with writing(self._path):
            if checkpoint.journal_bytes and self._path.exists():
                os.truncate(self._path, checkpoint.journal_bytes)
                self.size, self._continues = checkpoint.journal_bytes, True

    def add(self, event: Event) -> None:
        """Append the line of an event to the pending ones."""
        if not isinstance(event, Progressed):
            self.pending += line(event)

    def write(self, _event: Event) -> None:
        """Write the pending lines if the model that they belong to is saved."""
        if self.pending and (self._continues or self._has_model()):
            with writing(self._path), self._path.open("ab" if self._continues else "wb") as stream:
                stream.write(self.pending)
            self.size += len(self.pending)
            self.pending, self._continues = b"", True
