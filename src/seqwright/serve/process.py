"""One process that serves: uvicorn, and the ways in which it ends."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Mapping
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from seqwright.serve.app import Service
from seqwright.serve.gate import Phase
from seqwright.serve.limits import Limits
from seqwright.serve.listener import BACKLOG, has_queued, stop_connecting
from seqwright.serve.transport import Joined

__all__ = ["Process"]

KEPT_S = 75  # an idle connection: longer than clients and proxies do, so that none sends while it is being closed
POLL_S = 0.02  # between checks of the connections while the process ends
TURNS = 10  # of the event loop; asyncio takes three from accepting a connection to making it
QUIET_S = 0.1  # without a new connection: clients, or what routes to the server, know that it ends


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
            service.app, http=self._protocol(), log_level="error", access_log=False, server_header=False,
            lifespan="on", proxy_headers=False, backlog=1 if shared else BACKLOG, timeout_keep_alive=KEPT_S,
            timeout_graceful_shutdown=round(limits.request_s),
        )  # fmt: skip
        self._server = Server(config)
        self._accepted_s = 0.0  # when the last connection was, of the event loop's clock
        self._ending: asyncio.Task[None] | None = None

    def _protocol(self) -> type[HttpToolsProtocol]:
        """Return uvicorn's protocol with a bound on the time until the first request, which uvicorn does not have."""
        process, idle_s = self, self._limits.idle_s

        class Impatient(HttpToolsProtocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(cast(asyncio.Transport, Joined(transport)))
                loop = asyncio.get_running_loop()
                process._accepted_s = loop.time()
                self._first = loop.call_later(idle_s, self._end_without_request)

            def connection_lost(self, exc: Exception | None) -> None:
                self._first.cancel()
                super().connection_lost(exc)

            def _end_without_request(self) -> None:
                cycle: object = self.cycle  # uvicorn declares it without None
                if cycle is None:
                    self.transport.close()

        return Impatient

    async def run(self, actions: Mapping[str, Callable[[], object]], started: Callable[[], None]) -> None:
        """Serve until `drain` or `retire` has ended it.   actions: by signal.   started: is called when it accepts."""

        def on_start() -> None:
            for name, action in actions.items():  # uvicorn's own handlers close idle connections at once
                handle(asyncio.get_running_loop(), name, action)
            started()

        self._server.started_ = on_start
        await self._server.serve(sockets=[self._listener])

    def drain(self) -> None:
        """End: answer while connections are still opened, then refuse requests on the open ones.

        All processes that share the listener must drain, because none of them gets a new connection then.
        """
        if self._service.phase not in (Phase.DRAINING, Phase.REFUSING):
            self._service.phase = Phase.DRAINING
            self._ending = asyncio.get_running_loop().create_task(self._drain())

    def stop(self) -> None:
        """End at once, whatever is under way."""
        self._server.force_exit = self._server.should_exit = True

    def retire(self) -> None:
        """Accept no connections, answer each open one once more, and end when all are closed; others accept."""
        self._service.phase = Phase.RETIRING
        self._ending = asyncio.get_running_loop().create_task(self._retire())

    async def _drain(self) -> None:
        await self._quiet(self._limits.drain_s)
        stop_connecting(self._listener)
        await asyncio.sleep(QUIET_S)  # for handshakes under way
        await self._stop_accepting()
        self._service.phase = Phase.REFUSING
        await self._closed(self._limits.last_s)
        self._server.should_exit = True

    async def _retire(self) -> None:
        await self._stop_accepting()
        await self._closed(self._limits.request_s)
        self._server.should_exit = True

    async def _quiet(self, most_s: float) -> None:
        """Return when no new connection has come for some time."""
        loop = asyncio.get_running_loop()
        begin = self._accepted_s = loop.time()
        while loop.time() < min(self._accepted_s + QUIET_S, begin + most_s):
            await asyncio.sleep(POLL_S)

    async def _stop_accepting(self) -> None:
        """Close the listener when its queue is empty. One that is shared is closed with the last process's.

        A server of asyncio that is closed drops connections which it has accepted and not yet made, so that accepting
        ends some turns before.
        """
        while has_queued(self._listener):
            await asyncio.sleep(0)  # asyncio accepts them
        loop = asyncio.get_running_loop()
        for listening in self._server.servers:
            for accepting in listening.sockets:
                with contextlib.suppress(NotImplementedError):  # on Windows
                    loop.remove_reader(accepting.fileno())
        for _ in range(TURNS):  # not a time: on a busy machine one turn may take longer than any
            await asyncio.sleep(0)
        for listening in self._server.servers:
            listening.close()

    async def _closed(self, most_s: float) -> None:
        """Return when no connection is open."""
        for _ in range(round(most_s / POLL_S)):
            if not self._server.server_state.connections:
                return
            await asyncio.sleep(POLL_S)


def handle(loop: asyncio.AbstractEventLoop, name: str, action: Callable[[], object]) -> None:
    """Let a signal, where the system has it, run an action in the loop."""
    if number := getattr(signal, name, None):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(action))
