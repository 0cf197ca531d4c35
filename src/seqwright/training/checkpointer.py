"""The subscriber that saves checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from seqwright.training import checkpoint
from seqwright.training.events import Begun, Event, Finished, Measured, Progressed, Resumed, Started
from seqwright.training.journal import Journal
from seqwright.training.write_pace import WritePace

__all__ = ["Checkpointer"]


class Stateful(Protocol):
    """What a checkpoint is the state of: one network, or all networks of a training."""

    @property
    def position(self) -> checkpoint.Position:
        """The progress of the network in training."""

    def checkpoint(self, identity: dict[str, Any]) -> checkpoint.Checkpoint:
        """Return the state."""


class Checkpointer:
    """Saves a checkpoint after a measurement, when a network begins, and every `training.checkpoint_every_s`.

    Where epochs are short, some measurements have none (`WritePace`); the last one of a network always has.
    It also saves one on `Resumed`: from then on, the checkpoint belongs to this training, and another training that
    still runs in the same directory stops.
    """

    def __init__(
        self, file: checkpoint.File, identity: dict[str, Any], networks: Stateful, journal: Journal, *,
        every_s: float, clock: Callable[[], float], each: bool = False,
    ) -> None:  # fmt: skip
        """each: save one after each measurement."""
        self._file, self._identity = file, identity
        self._networks, self._journal = networks, journal
        self._every_s, self._clock = every_s, clock
        self._saved_at = clock()
        self._pace = WritePace(clock, every_s=every_s, each=each)

    def check_owner(self, event: Event) -> None:
        """Raise OutputError if another training has taken over the directory."""
        if not isinstance(event, Progressed):  # frequent, and without a line in the journal
            self._file.check()

    def __call__(self, event: Event) -> None:
        """Save a checkpoint if one is due."""
        if isinstance(event, Started | Finished):
            return
        measured = isinstance(event, Measured) and (bool(self._networks.position.reason) or self._pace.due())
        if measured or isinstance(event, Begun | Resumed) or self._clock() - self._saved_at >= self._every_s:
            self.save()

    def save(self) -> checkpoint.Checkpoint:
        """Save and return the state of the training, with the lines of the journal that are not in its file yet."""
        with self._pace.writing():
            state = msgspec.structs.replace(
                self._networks.checkpoint(self._identity),
                journal_bytes=self._journal.size, journal=self._journal.pending,
            )  # fmt: skip
            self._file.save(state)
        self._saved_at = self._clock()
        return state
