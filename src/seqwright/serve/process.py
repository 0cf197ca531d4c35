"""One process that serves: uvicorn, and the ways in which it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Mapping

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from seqwright.serve.app import Service
from seqwright.serve.limits import Limits

__all__ = ["BACKLOG", "Process"]

BACKLOG = 2048
KEPT_S = 75  # an idle connection: longer than clients and proxies do, so that none sends while it is being closed
POLL_S = 0.05  # between checks whether all connections are closed
LAST_S = 0.5  # after the last connection is accepted, for requests that are on their way


def impatient(idle_s: float) -> type[HttpToolsProtocol]:
    """Return uvicorn's protocol with a bound on the time until the first request, which uvicorn does not have."""

    class Impatient(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._first = asyncio.get_running_loop().call_later(idle_s, self._end_without_request)

        def connection_lost(self, exc: Exception | None) -> None:
            self._first.cancel()
            super().connection_lost(exc)

        def _end_without_request(self) -> None:
            cycle: object = self.cycle  # uvicorn declares it without None
            if cycle is None:
                self.transport.close()

    return Impatient


class Server(uvicorn.Server):
    """A uvicorn server that calls `started` when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.started_: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_()


class Process:
    """Serves an application at a socket until it is ended.

    service: its application and its state.   listener: a socket that listens.   shared: by other processes.
    """

    def __init__(self, service: Service, listener: socket.socket, limits: Limits, *, shared: bool = False) -> None:
        self._service, self._listener, self._limits = service, listener, limits
        # asyncio accepts up to `backlog` connections at a time: of several processes, one must not take them all.
        config = uvicorn.Config(
            service.app, http=impatient(limits.idle_s), log_level="error", access_log=False, server_header=False,
            lifespan="on", proxy_headers=False, backlog=1 if shared else BACKLOG, timeout_keep_alive=KEPT_S,
            timeout_graceful_shutdown=round(limits.request_s),
        )  # fmt: skip
        self._server = Server(config)
        self._retiring: asyncio.Task[None] | None = None

    async def run(self, actions: Mapping[str, Callable[[], object]], started: Callable[[], None]) -> None:
        """Serve until `drain` or `retire` has ended it.   actions: by signal.   started: is called when it accepts."""

        def on_start() -> None:
            self._listener.listen(BACKLOG)  # asyncio has set the number that it accepts at a time
            for name, action in actions.items():  # uvicorn's own handlers close idle connections at once
                handle(asyncio.get_running_loop(), name, action)
            started()

        self._server.started_ = on_start
        await self._server.serve(sockets=[self._listener])

    def drain(self) -> None:
        """Refuse new requests, and end when those that were accepted are answered; called again: at once."""
        if self._service.draining:
            self._server.force_exit = True
        self._service.draining = True
        asyncio.get_running_loop().call_later(self._limits.drain_s, self._stop_accepting, LAST_S)

    def retire(self) -> None:
        """Accept no connections, answer each open one once more, and end when all are closed; others accept."""
        self._service.retiring = True
        self._stop_accepting(self._limits.request_s)

    def _stop_accepting(self, most_s: float) -> None:
        for listening in self._server.servers:
            listening.close()
        self._retiring = asyncio.get_running_loop().create_task(self._end_when_closed(most_s))

    async def _end_when_closed(self, most_s: float) -> None:
        for _ in range(round(most_s / POLL_S)):
            if not self._server.server_state.connections:
                break
            await asyncio.sleep(POLL_S)
        self._server.should_exit = True


def handle(loop: asyncio.AbstractEventLoop, name: str, action: Callable[[], object]) -> None:
    """Let a signal, where the system has it, run an action in the loop."""
    if number := getattr(signal, name, None):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(action))
