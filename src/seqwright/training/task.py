"""The training of one network by itself: any process can do it, and continue it from the checkpoint of another one."""

from __future__ import annotations

import copy
import dataclasses
import platform
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from seqwright.bundle import Bundle
from seqwright.config import Config
from seqwright.errors import OutputError
from seqwright.training import checkpoint, interrupt
from seqwright.training.checkpoint import Checkpoint, Position
from seqwright.training.checkpointer import Checkpointer
from seqwright.training.events import Event, Resumed
from seqwright.training.instruments import Instruments
from seqwright.training.journal import Journal
from seqwright.training.loop import Loop
from seqwright.training.prepare import Prepared

__all__ = ["Data", "Step", "Task"]


class Data(NamedTuple):
    """What several tasks have in common.   base: the model to fine-tune."""

    prepared: Prepared
    base: Bundle | None = None


class Step(NamedTuple):
    """An event of a task, and the progress of its network."""

    event: Event
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The training of one network.

    config: with all defaults filled in.   member, reserved: as in `Loop`.
    directory: an existing one for the checkpoint, None for no checkpoint.   identity: of the checkpoint.
    start: the state to begin with, None for a new network.
    """

    config: Config
    member: int = 0
    reserved: float = 0.0
    directory: Path | None = None
    identity: dict[str, Any] = dataclasses.field(default_factory=dict)
    start: Checkpoint | None = None

    def run(self, data: Data, instruments: Instruments = Instruments()) -> Generator[Step, None, None]:  # noqa: B008 - immutable
        """Train from the last checkpoint, if there is one, to the end; the last checkpoint has the result.

        The first Ctrl-C, and closing the iterator, saves a checkpoint.   OutputError: `directory` is not there.
        """
        prepared = dataclasses.replace(data.prepared, config=self.config)
        loop = Loop(prepared, member=self.member, base=data.base, reserved=self.reserved, instruments=instruments)
        if self.directory is None:
            for event in loop.events():
                yield Step(event, copy.copy(loop.position))
            return
        file = self._file(self.directory)
        saved = file.load()
        journal = Journal(self.directory / "metrics.jsonl", has_model=lambda: False)  # only in the checkpoint
        every_s = self.config.training.checkpoint_every_s
        checkpointer = Checkpointer(file, self.identity, loop, journal, every_s=every_s, clock=instruments.clock)
        if state := saved or self.start:
            loop.restore(state)
            journal.restore(state)
        if saved is not None:
            checkpointer.save()  # from now on, the file belongs to this process
            yield Step(Resumed(saved.position.pairs / prepared.pairs_per_epoch, loop.elapsed_s()), saved.position)
        with interrupt.deferred() as interrupted:
            try:
                for event in loop.events():
                    journal.add(event)
                    checkpointer(event)
                    yield Step(event, copy.copy(loop.position))
                    if interrupted():
                        raise KeyboardInterrupt
            except (KeyboardInterrupt, GeneratorExit):
                checkpointer.save()
                raise

    def result(self) -> Checkpoint:
        """Return the last checkpoint.   OutputError: there is none."""
        assert self.directory is not None, "a task without a directory has no checkpoint"
        found = self._file(self.directory).load()
        if found is None:
            raise OutputError(
                f"{self.directory} has no checkpoint of a worker; choose an --output on a file system that all "
                f"machines of the cluster share"
            )
        return found

    def _file(self, directory: Path) -> checkpoint.File:
        if not directory.is_dir():
            raise OutputError(
                f"{directory} does not exist on machine {platform.node()}; choose an --output on a file system that "
                f"all machines of the cluster share"
            )
        return checkpoint.File(directory)
