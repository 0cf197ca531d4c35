"""A client for load on a server on loopback: connections that stay open, and the outcome of each request.

Closed loop: each connection sends its next request when it has the answer to the last one. Open loop: requests are due
at random times at a given rate, and their latency counts from when they were due, so that a server that stalls is not
spared the requests that would have come meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Outcome", "closed", "encoded", "open_"]

MOST_CONNECTIONS = 1024
REFUSED_S = 0.05  # until a connection is tried again


def encoded(sources: Sequence[str], **options: object) -> list[bytes]:
    """Return one request for /v1/predict for each source, as it is sent."""
    found = []
    for source in sources:
        body = json.dumps({"sources": [source], **options}).encode()
        head = "POST /v1/predict HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}"
        found.append("\r\n".join([*head, "", ""]).encode() + body)
    return found


@dataclass
class Outcome:
    """What became of requests.

    statuses: how many had each; "lost" were sent and had no answer, "refused" were not sent, because the server took no
    connection, and "unsent" were due while all connections were in use.
    latencies_s: of those that were answered with 200.   wrong: bodies that were not the expected ones.
    """

    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    wrong: int = 0

    def latency_ms(self, share: float) -> float:
        """Return a quantile of the latencies."""
        found = sorted(self.latencies_s)
        return 1000 * found[min(len(found) - 1, int(share * len(found)))] if found else float("nan")


class Connection(asyncio.Protocol):
    """One connection, on which one request at a time is under way."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = b""
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        at = head.lower().find(b"content-length: ")
        size = int(head[at + 16 :].split(b"\r\n", 1)[0])
        if len(rest) >= size and self._waiting and not self._waiting.done():
            self._buffer = b""
            if b"connection: close" in head.lower() and self.transport:
                self.transport.close()
            self._waiting.set_result((int(head[9:12]), rest))

    def connection_lost(self, _error: Exception | None) -> None:
        self.transport = None
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError())

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body."""
        if self.transport is None:
            raise ConnectionResetError
        self._waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._waiting


class Client:
    """Sends requests on connections that are opened when they are needed."""

    def __init__(self, port: int, expected: dict[bytes, bytes] | None = None) -> None:
        self._port, self._expected = port, expected or {}
        self._idle: list[Connection] = []
        self.outcome = Outcome()

    async def send(self, request: bytes, due_s: float) -> None:
        """Send a request and count its outcome."""
        sent = False
        try:
            connection = await self._connection()
            sent = True
            status, body = await connection.send(request)
        except OSError:
            self.outcome.statuses["lost" if sent else "refused"] += 1
            await asyncio.sleep(0 if sent else REFUSED_S)
            return
        self.outcome.statuses[str(status)] += 1
        if status == 200:
            self.outcome.latencies_s.append(time.perf_counter() - due_s)
            self.outcome.wrong += body != self._expected.get(request, body)
        if connection.transport and not connection.transport.is_closing():
            self._idle.append(connection)

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.transport and not connection.transport.is_closing():
                return connection
        _, made = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self._port)
        return made

    def close(self) -> None:
        for connection in self._idle:
            if connection.transport:
                connection.transport.close()


async def closed(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    seconds: float,
    expected: dict[bytes, bytes] | None = None,
) -> Outcome:
    """Return the outcome of connections that send one request after the other."""
    client, begin = Client(port, expected), time.perf_counter()

    async def one(first: int) -> None:
        i = first
        while time.perf_counter() - begin < seconds:
            await client.send(requests[i % len(requests)], time.perf_counter())
            i += connections

    await asyncio.gather(*map(one, range(connections)))
    client.outcome.seconds = time.perf_counter() - begin
    client.close()
    return client.outcome


async def open_(
    port: int, requests: Sequence[bytes], *, rate: float, seconds: float, expected: dict[bytes, bytes] | None = None
) -> Outcome:
    """Return the outcome of requests that are due at random times, `rate` of them a second."""
    client, begin, rng = Client(port, expected), time.perf_counter(), random.Random(1)
    under_way: set[asyncio.Task[None]] = set()
    due, i = begin, 0
    while due < begin + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if len(under_way) < MOST_CONNECTIONS:
            task = asyncio.create_task(client.send(requests[i % len(requests)], due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        else:
            client.outcome.statuses["unsent"] += 1
        due, i = due + rng.expovariate(rate), i + 1
    await asyncio.gather(*under_way)
    client.outcome.seconds = time.perf_counter() - begin
    client.close()
    return client.outcome
