"""Bounds on the time of requests, and the end of those whose clients have gone.

One timer serves all requests: several for each request, as of `asyncio.timeout`, cost a fifth of its processor time.
Bounds are therefore met to within a tenth of a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from seqwright.serve.problems import Problem

__all__ = ["Watch", "Watched"]

PERIOD_S = 0.1


class Watch:
    """The requests under way, and the timer that bounds them while there are any."""

    def __init__(self) -> None:
        self._requests: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, one: Watched) -> None:
        self._requests.add(one)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PERIOD_S, self._pass)

    def remove(self, one: Watched) -> None:
        self._requests.discard(one)

    def _pass(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for one in list(self._requests):
            one.check(now)
        self._timer = loop.call_later(PERIOD_S, self._pass) if self._requests else None


class Watched:
    """A request under way; use it as a context.

    Problem: it took longer than it may.   ClientDisconnect: nobody waits for its answer.
    """

    __slots__ = ("_deadline_s", "_ended", "_late", "_listening", "_loop", "_receive", "_task", "_watch")

    def __init__(self, watch: Watch, receive: Receive) -> None:
        self._watch, self._receive = watch, receive
        self._loop = asyncio.get_running_loop()
        self._deadline_s = float("inf")
        self._late: Callable[[], Problem] | None = None
        self._ended: Exception | None = None
        self._listening: asyncio.Future[None] | bool | None = False  # True: from the next pass on

    def within(self, seconds: float, late: Callable[[], Problem], *, received: bool = False) -> None:
        """Bound the time from now on.   late: what is raised after it.   received: the body is, so that the next
        message is that the client has gone."""
        self._deadline_s, self._late = self._loop.time() + seconds, late
        self._listening = received

    def check(self, now_s: float) -> None:
        """Cancel the request when its time is over or its client has gone."""
        if now_s >= self._deadline_s and self._late:
            self._end(self._late())
        elif self._listening is True:  # most requests are answered before, without a task to listen
            self._listening = asyncio.ensure_future(self._disconnect())
            self._listening.add_done_callback(self._gone)

    def __enter__(self) -> Watched:
        task = asyncio.current_task()
        assert task is not None, "in a coroutine"
        self._task = task
        self._watch.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._watch.remove(self)
        if isinstance(self._listening, asyncio.Future):
            self._listening.remove_done_callback(self._gone)
            self._listening.cancel()
        if self._ended is not None and kind is asyncio.CancelledError:
            self._task.uncancel()
            raise self._ended from None

    async def _disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _gone(self, listening: asyncio.Future[None]) -> None:
        if not listening.cancelled():
            self._end(ClientDisconnect())

    def _end(self, error: Exception) -> None:
        if self._ended is None:
            self._ended = error
            self._task.cancel()
