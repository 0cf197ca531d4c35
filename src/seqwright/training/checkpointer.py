"""The subscriber that saves checkpoints."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from seqwright.training.ensemble import Ensemble
from seqwright.training.events import Begun, Event, Finished, Measured, Progressed, Resumed, Started
from seqwright.training.journal import Journal
from seqwright.training.setup import Setup

__all__ = ["Checkpointer"]


class Checkpointer:
    """Saves a checkpoint after each measurement, when a network begins, and every `training.checkpoint_every_s`.

    It also saves one on `Resumed`: from then on, the checkpoint belongs to this training, and another training that
    still runs in the same directory stops.
    """

    def __init__(self, setup: Setup, networks: Ensemble, journal: Journal, clock: Callable[[], float]) -> None:
        self._file, self._identity = setup.file, setup.identity
        self._every_s = setup.prepared.config.training.checkpoint_every_s
        self._networks, self._journal, self._clock = networks, journal, clock
        self._saved_at = clock()

    def check_owner(self, event: Event) -> None:
        """Raise OutputError if another training has taken over the directory."""
        if not isinstance(event, Progressed):  # frequent, and without a line in the journal
            self._file.check()

    def __call__(self, event: Event) -> None:
        """Save a checkpoint if one is due."""
        if isinstance(event, Started | Finished):
            return
        if isinstance(event, Measured | Begun | Resumed) or self._clock() - self._saved_at >= self._every_s:
            self.save()

    def save(self) -> None:
        """Save the state of the training, with the lines of the journal that are not in its file yet."""
        state = self._networks.checkpoint(self._identity)
        lines = {"journal_bytes": self._journal.size, "journal": self._journal.pending}
        self._file.save(msgspec.structs.replace(state, **lines))
        self._saved_at = self._clock()
