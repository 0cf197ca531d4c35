"""Tasks of trainings on a Ray cluster: each in a worker, and again, from its last checkpoint, if the worker is lost."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

from seqwright import kernels
from seqwright.errors import SeqwrightError, TrainingError, UsageError
from seqwright.ray.connecting import connect, import_ray
from seqwright.training.execution import Ended, Run
from seqwright.training.instruments import Instruments
from seqwright.training.task import Data, Step, Task

__all__ = ["Cluster"]

MOST_LOSSES = 3  # workers of a task, without a step in between
PROGRESS_S = 1.0  # between two messages of a worker on its progress
POLL_S = 0.5  # between two checks for Ctrl-C
GRACE_S = 60.0  # for the checkpoints of tasks that are stopped


class Cluster:
    """A Ray cluster that trains the members of an ensemble, or the trials of a search, at the same time.

    Pass it to `seqwright.train` or `seqwright.tuning.tune` as ``execute``. The output must be on a file system that all
    machines of the cluster share. A worker that is lost is replaced, and continues from the last checkpoint.

    Parameters
    ----------
    address : str, optional
        As in `connect`, without "ray://".
    threads : int, default 1
        Threads, and processors, of each task.
    gpus : float, default 0
        GPUs of each task.
    workers : int, optional
        Tasks at a time; by default one for each ``threads`` processors of the cluster.

    Raises
    ------
    DependencyError
        If Ray is not installed.
    UsageError
        If there is no cluster at the address.
    """

    def __init__(
        self, address: str | None = None, *, threads: int = 1, gpus: float = 0, workers: int | None = None
    ) -> None:
        if (address or "").startswith("ray://"):
            raise UsageError(f"{address} serves predict only; train on a machine of the cluster, with --ray auto")
        connect(address)
        self._threads, self._gpus, self._workers = threads, gpus, workers

    def __call__(
        self, data: Data, runs: Iterable[Run], stop: Callable[[], bool]
    ) -> Generator[tuple[Run, Step | Ended], None, None]:
        """Run tasks, as many at a time as there are workers; see `Executor`."""
        ray = import_ray()
        remote = ray.remote(num_returns="streaming", max_retries=0, num_cpus=self._threads, num_gpus=self._gpus)(
            train_network
        )
        shared = ray.put(data)
        ahead = iter(runs)
        running: dict[Run, Any] = {}
        losses: dict[Run, int] = {}

        def start(run: Run) -> None:
            running[run] = remote.remote(shared, run.task, self._threads)

        try:
            while not stop():
                while len(running) < self._places() and (run := next(ahead, None)) is not None:
                    start(run)
                    losses[run] = 0
                if not running:
                    return
                ready, _ = ray.wait(list(running.values()), timeout=POLL_S)
                for run in [one for one, steps in running.items() if steps in ready]:
                    step = _next(running[run])
                    if isinstance(step, _Lost) and not run.dropped and losses[run] < MOST_LOSSES:
                        losses[run] += 1
                        start(run)
                        continue
                    if isinstance(step, _Lost):
                        lost = TrainingError(f"{MOST_LOSSES + 1} workers were lost, one after another: {step}")
                        step = Ended(None if run.dropped else lost)
                    if isinstance(step, Ended):
                        del running[run]
                    else:
                        losses[run] = 0
                    yield run, step
                    if run.dropped and run in running:
                        ray.cancel(running[run])
        finally:
            for steps in running.values():
                ray.cancel(steps)
            if running:
                ends = [steps.completed() for steps in running.values()]
                ray.wait(ends, num_returns=len(ends), timeout=GRACE_S)

    def _places(self) -> int:
        return self._workers or max(1, int(import_ray().cluster_resources().get("CPU", 1)) // self._threads)


class _Lost(str):
    """The reason why a worker was lost."""


def train_network(data: Data, task: Task, threads: int) -> Generator[Step, None, None]:
    """Run a task in a worker."""
    kernels.set_threads(threads)
    yield from task.run(data, Instruments(progress_every_s=PROGRESS_S))


def _next(steps: Any) -> Step | Ended | _Lost:
    """Return the next step of a task, its end, or the reason why its worker was lost."""
    ray = import_ray()
    try:
        found: Step = ray.get(next(steps))
    except StopIteration:
        return Ended()
    except ray.exceptions.TaskCancelledError:
        return Ended()
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, SeqwrightError):
            return Ended(error.cause)
        raise
    except ray.exceptions.RayError as error:
        return _Lost((str(error).splitlines() or [type(error).__name__])[0])
    return found
