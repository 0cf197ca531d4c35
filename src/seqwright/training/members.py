"""The members of an ensemble as tasks, which may be trained at the same time and on several machines.

    members/2/checkpoints/last.safetensors      of the second member, until the model is complete

The checkpoint of the whole training stays as it was before the tasks; when all have ended, their states are composed to
the state that `Ensemble` would have reached, from which the training is finished.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from seqwright.training import ensemble
from seqwright.training import journal as lines
from seqwright.training.checkpoint import Checkpoint
from seqwright.training.events import Begun, Event, Measured, Progressed, Resumed, Returned
from seqwright.training.execution import Ended, Executor, Run
from seqwright.training.output import MEMBERS, writing
from seqwright.training.setup import Setup
from seqwright.training.task import Data, Task

__all__ = ["begun", "composed", "remove", "train"]


def begun(path: Path) -> bool:
    """Return whether members are in training as tasks."""
    return (path / MEMBERS).is_dir()


def remove(path: Path) -> None:
    """Remove the checkpoints of the members from a model directory."""
    shutil.rmtree(path / MEMBERS, ignore_errors=True)


def train(
    setup: Setup,
    before: Checkpoint,
    execute: Executor,
    *,
    listen: Callable[[Event], None],
    clock: Callable[[], float],
    stop: Callable[[], bool],
) -> Checkpoint:
    """Train the members that `before`, the saved state of the whole training, lacks; return the state after them.

    KeyboardInterrupt: `stop` returned True; the members continue from their checkpoints.
    """
    runs = [Run(task) for task in tasks(setup, before)]
    together = Together(setup, before, clock)
    with contextlib.closing(execute(Data(setup.prepared, setup.base), runs, stop)) as steps:
        for run, step in steps:
            if isinstance(step, Ended):
                if step.error is not None:
                    raise step.error
                continue
            if not isinstance(step.event, Progressed):
                setup.file.check()
            listen(together.event(run.task.member, step.event))
    if stop():
        raise KeyboardInterrupt
    return composed(before, [run.task.result() for run in runs], setup.prepared.config.training.members)


def tasks(setup: Setup, before: Checkpoint) -> list[Task]:
    """Return a task for each member that is not done; the first one continues the network in training."""
    config = setup.prepared.config
    n_left = config.training.members - before.done
    part, reserved = ensemble.part(config, n_left=n_left, spent_s=before.spent_s)
    own = {name: array for name, array in before.arrays.items() if not name.startswith(ensemble.DONE)}
    first = msgspec.structs.replace(before, arrays=own, done=0, journal_bytes=0, journal=b"", spent_s=0.0)
    found = []
    for member in range(before.done, config.training.members):
        directory = (setup.path / MEMBERS / str(member + 1)).absolute()
        with writing(directory):
            directory.mkdir(parents=True, exist_ok=True)
        found.append(
            Task(
                config=part, member=member, reserved=reserved, directory=directory, identity=setup.identity,
                start=first if member == before.done else None,
            )
        )  # fmt: skip
    return found


def composed(before: Checkpoint, states: Sequence[Checkpoint], n_members: int) -> Checkpoint:
    """Return the state of the whole training from that before the tasks and those of the tasks at their end."""
    arrays = {name: array for name, array in before.arrays.items() if name.startswith(ensemble.DONE)}
    journal, spent_s, done = before.journal, before.spent_s, before.done
    for n, state in enumerate(states):
        if n:
            arrays[f"{ensemble.DONE}{done}"] = states[n - 1].arrays["best"]
            spent_s += states[n - 1].position.elapsed_s
            done += 1
        begin = [Begun(done + 1, n_members)] if n_members > 1 else []
        moved = (_moved(event, spent_s) for event in lines.events(state.journal))
        journal += b"".join(map(lines.line, [*begin, *moved]))
    return msgspec.structs.replace(
        states[-1], arrays=states[-1].arrays | arrays, done=done, spent_s=spent_s,
        journal_bytes=before.journal_bytes, journal=journal,
    )  # fmt: skip


def _moved(event: Event, by_s: float) -> Event:
    """Return an event with the time of the members before."""
    return msgspec.structs.replace(event, elapsed_s=event.elapsed_s + by_s) if isinstance(event, Measured) else event


class Together:
    """The events of members that are trained at the same time, as those of one training."""

    def __init__(self, setup: Setup, before: Checkpoint, clock: Callable[[], float]) -> None:
        self._n, self._n_done = setup.prepared.config.training.members, before.done
        self._clock, self._began = clock, clock()
        self._before_s = before.spent_s + before.position.elapsed_s
        self._now: dict[int, Progressed] = {}
        self._first: dict[int, float] = {}  # the share of each member at its first event

    def event(self, member: int, event: Event) -> Event:
        """Return an event of a member with its number, and progress as that of all members."""
        if isinstance(event, Measured | Resumed | Returned):
            return msgspec.structs.replace(event, member=member + 1)
        if not isinstance(event, Progressed):
            return event
        self._now[member] = event
        self._first.setdefault(member, event.share)
        now = [one for one in self._now.values() if one.share < 1] or [event]
        seconds = self._clock() - self._began
        done = sum(one.share for one in self._now.values())
        gained = done - sum(self._first.values())
        left = self._n - self._n_done - done
        return msgspec.structs.replace(
            event,
            epoch=sum(one.epoch for one in now) / len(now),
            share=(self._n_done + done) / self._n,
            loss=sum(one.loss for one in now) / len(now),
            pairs_per_s=sum(one.pairs_per_s for one in now),
            tokens_per_s=sum(one.tokens_per_s for one in now),
            elapsed_s=self._before_s + seconds,
            left_s=seconds * left / gained if gained > 0 else event.left_s,
        )
