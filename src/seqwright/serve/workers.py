"""Several processes that answer at one socket, and the one that keeps them.

The supervisor loads the models and packs their weights, and forks: a worker reads the same memory, which none of them
writes, so that the weights are held once, and a worker that has died is replaced within milliseconds. It uses no thread
and no event loop, which a fork would copy halfway, and handles its signals one by one.

Models that have changed are loaded by the supervisor, which forks workers with them and then retires the earlier ones.
While it loads, no worker is replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple

from seqwright import kernels
from seqwright.errors import UsageError
from seqwright.serve import metrics
from seqwright.serve.app import Service
from seqwright.serve.limits import Limits
from seqwright.serve.models import WATCHED_S, Models
from seqwright.serve.process import Process

__all__ = ["Supervisor"]

YOUNG_S = 1.0  # a worker that dies before is replaced after that time only
INTERRUPTED = "SIGINT"
DRAIN, RETIRE = "SIGUSR1", "SIGUSR2"  # sent to workers


class Worker(NamedTuple):
    """A process.   number: of its figures; the next worker that is started takes the least that is free."""

    number: int
    started_s: float


class Supervisor:
    """Keeps n workers; use it as a context.

    UsageError: this system cannot fork.
    """

    def __init__(self, models: Models, listener: socket.socket, limits: Limits, *, n: int, token: str | None) -> None:
        if not hasattr(os, "fork") or not hasattr(signal, "sigtimedwait"):
            raise UsageError(f"this system ({sys.platform}) has one worker only; leave --workers out")
        self._models, self._listener, self._limits, self._n, self._token = models, listener, limits, n, token
        self._started: dict[int, Worker] = {}  # by process id
        self._number = 0  # of the worker that was started last; in a worker, its own
        self._retired: set[int] = set()
        self._ending: str = ""
        self._n_threads = max(1, kernels.threads() // n)
        self._signals = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
        self._blocked = self._signals | {signal.Signals[DRAIN], signal.Signals[RETIRE]}

    def __enter__(self) -> Supervisor:
        self._figures = tempfile.TemporaryDirectory(prefix="seqwright-")
        metrics.share(self._figures.name, lambda: self._number)
        # Workers read from it until the supervisor is gone, however it ended.
        self._lifeline, self._held = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, self._blocked)
        kernels.set_threads(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in self._started:
            kill(pid, "SIGKILL")
        self._figures.cleanup()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._blocked)

    def start(self) -> None:
        """Fork the workers."""
        self._models.pack()
        gc.unfreeze()
        gc.collect()
        gc.freeze()  # a collection in a worker would otherwise write to, and so copy, what it shares
        for _ in range(self._n):
            self._fork()

    def run(self) -> None:
        """Replace workers that die, and hand on signals, until all have ended.   KeyboardInterrupt: by Ctrl-C."""
        while self._started:
            found = signal.sigtimedwait(self._signals, WATCHED_S)
            number = found.si_signo if found else None
            if number in (signal.SIGTERM, signal.SIGINT):
                self._tell("SIGKILL" if self._ending else DRAIN, self._started)
                self._ending = self._ending or signal.Signals(number).name
                self._listener.close()  # held open, it would go on taking connections that no worker accepts
            elif number == signal.SIGHUP or (number is None and not self._ending):
                self._renew(all_=number == signal.SIGHUP)
            self._bury()
        if self._ending == INTERRUPTED:
            raise KeyboardInterrupt

    def _renew(self, *, all_: bool) -> None:
        """Load models that have changed, or all, and let new workers take over."""
        before = self._models.n_loads
        self._models.refresh(all_=all_)
        if self._models.n_loads == before or self._ending:
            return
        earlier = set(self._started) - self._retired
        self.start()
        self._retired |= earlier
        self._tell(RETIRE, earlier)

    def _tell(self, name: str, pids: Iterable[int]) -> None:
        for pid in pids:
            kill(pid, name)

    def _bury(self) -> None:
        """Take note of workers that have ended, and replace those that should not have."""
        while self._started:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            worker = self._started.pop(pid)
            metrics.forget(self._figures.name, worker.number)
            if pid in self._retired or self._ending:
                self._retired.discard(pid)
                continue
            code = os.waitstatus_to_exitcode(status)
            how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
            print(f"seqwright: worker {pid} ended {how}; another one is started", file=sys.stderr, flush=True)
            time.sleep(max(0.0, worker.started_s + YOUNG_S - time.monotonic()))
            self._fork()

    def _fork(self) -> None:
        taken = {worker.number for worker in self._started.values()}
        self._number = next(n for n in itertools.count() if n not in taken)
        pid = os.fork()
        if pid:
            self._started[pid] = Worker(self._number, time.monotonic())
            return
        code = 1
        try:
            os.close(self._held)
            self._work()
            code = 0
        except BaseException:  # nothing of the supervisor's may run in a worker
            traceback.print_exc()
        finally:
            os._exit(code)

    def _work(self) -> None:
        """Serve in this process, a worker."""
        kernels.set_threads(self._n_threads)
        service = Service(self._models, token=self._token, limits=self._limits, watch=False)
        process = Process(service, self._listener, self._limits, shared=True)

        def started() -> None:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # what a terminal or systemd sends to all
                signal.signal(number, signal.SIG_IGN)  # is the supervisor's to act on; uvicorn has set handlers
            asyncio.get_running_loop().add_reader(self._lifeline, alone)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._blocked)

        def alone() -> None:
            asyncio.get_running_loop().remove_reader(self._lifeline)
            process.drain()

        asyncio.run(process.run({DRAIN: process.drain, RETIRE: process.retire}, started))


def kill(pid: int, name: str) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.Signals[name])
