"""Where tasks are run: in this process, one after another, or by another `Executor`, such as a Ray cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from seqwright.errors import SeqwrightError
from seqwright.training.instruments import Instruments
from seqwright.training.task import Data, Step, Task

__all__ = ["Ended", "Executor", "Run", "in_process"]


@dataclass(eq=False, slots=True)
class Run:
    """A task that is run.   dropped: set to end it early."""

    task: Task
    dropped: bool = False


class Ended(NamedTuple):
    """The end of a task.   error: None if it was completed or ended early."""

    error: SeqwrightError | None = None


class Executor(Protocol):
    """Runs tasks, several at a time where it can."""

    def __call__(
        self, data: Data, runs: Iterable[Run], stop: Callable[[], bool]
    ) -> Generator[tuple[Run, Step | Ended], None, None]:
        """Yield the steps of all tasks as they come, and an `Ended` after the last one of each.

        runs: the next one is taken when there is a place for it.   stop: is called now and then. If it returns True,
        and when the iterator is closed, all tasks save their checkpoints and end.
        """


def in_process(
    data: Data, runs: Iterable[Run], stop: Callable[[], bool], instruments: Instruments = Instruments()  # noqa: B008
) -> Generator[tuple[Run, Step | Ended], None, None]:  # fmt: skip
    """Run tasks one after another; an `Executor`."""
    for run in runs:
        error = None
        with contextlib.closing(run.task.run(data, instruments)) as steps:
            try:
                for step in steps:
                    yield run, step
                    if stop():
                        return
                    if run.dropped:
                        break
            except SeqwrightError as raised:
                error = raised
        yield run, Ended(error)
