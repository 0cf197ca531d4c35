"""Requests with equal options, searched together.

An answer does not depend on the other sources of a search, so a batch changes times only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from seqwright.serve.limits import Limits
from seqwright.serve.metrics import Metrics
from seqwright.serve.problems import Problem

__all__ = ["Batcher", "Work"]


class Work(Protocol):
    """What is done with items: a model and options. Items of equal work are processed together."""

    def __hash__(self) -> int: ...

    def __call__(self, items: Sequence[Any], /) -> list[bytes]:
        """Return a record for each item, in order."""
        ...


class Job(NamedTuple):
    """A part of one request.   arrived_s: of the event loop's clock."""

    items: Sequence[Any]
    cost: int
    arrived_s: float
    result: asyncio.Future[list[bytes]]


class Batcher:
    """A bounded queue of jobs, and the threads that process them.

    Each kind of work has a queue of its own, and they take turns.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits, self._metrics = limits, metrics
        self._queues: dict[Work, deque[Job]] = {}
        self._threads = ThreadPoolExecutor(limits.searches, thread_name_prefix="search")
        self._free = asyncio.Semaphore(limits.searches)
        self._arrived = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self.n_queued: int = 0

    async def submit(self, work: Work, items: Sequence[Any], cost: int) -> list[bytes]:
        """Return the records of the items.   Problem: 429 where the queue is full."""
        if self.n_queued >= self._limits.queued:
            raise Problem(429, f"{self.n_queued} searches are waiting already; send it again later", retry_after=1)
        loop = asyncio.get_running_loop()
        job = Job(items, cost, loop.time(), loop.create_future())
        self._queues.setdefault(work, deque()).append(job)
        self._count(1)
        self._arrived.set()
        return await job.result

    async def run(self) -> None:
        """Process jobs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            await self._free.acquire()
            oldest = next(iter(self._queues.values()))[0]
            await asyncio.sleep(max(0.0, oldest.arrived_s + self._limits.batch_delay_s - loop.time()))
            work, jobs = self._next_batch()
            task = loop.create_task(self._process(work, jobs))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def close(self) -> None:
        """Let the threads end; a search that has begun is finished."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _next_batch(self) -> tuple[Work, list[Job]]:
        """Return the work whose turn it is, and its jobs up to the greatest cost, without those that were cancelled."""
        work = next(iter(self._queues))
        queue, cost = self._queues.pop(work), 0
        jobs: list[Job] = []
        while queue and (not jobs or cost + queue[0].cost <= self._limits.batch_cost):
            job = queue.popleft()
            self._count(-1)
            if not job.result.done():
                jobs.append(job)
                cost += job.cost
        if queue:
            self._queues[work] = queue  # at the end
        if not self._queues:
            self._arrived.clear()
        return work, jobs

    def _count(self, n: int) -> None:
        self.n_queued += n
        self._metrics.queued.set(self.n_queued)

    async def _process(self, work: Work, jobs: list[Job]) -> None:
        try:
            if jobs:
                self._metrics.batch(sum(len(job.items) for job in jobs))
                await self._answer(work, jobs)
        finally:
            self._free.release()

    async def _answer(self, work: Work, jobs: list[Job]) -> None:
        items = [item for job in jobs for item in job.items]
        try:
            records = iter(await asyncio.get_running_loop().run_in_executor(self._threads, work, items))
        except Exception as error:
            if len(jobs) == 1:
                if not jobs[0].result.done():
                    jobs[0].result.set_exception(error)
                return
            for job in jobs:  # the error of one request is not the others'
                await self._answer(work, [job])
            return
        for job in jobs:
            own = [next(records) for _ in job.items]
            if not job.result.done():
                job.result.set_result(own)
