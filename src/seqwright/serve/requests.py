"""Bodies of requests: read within bounds of size and time, and decoded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from seqwright.serve.limits import Limits
from seqwright.serve.problems import Problem

__all__ = ["Bodies", "ClientDisconnect", "decoded", "discard", "lines", "of_query", "unless_gone"]

Struct = TypeVar("Struct", bound=msgspec.Struct)
Result = TypeVar("Result")
WATCHED_AFTER_S = 0.1
DISCARDED_S = 10.0  # a client that sends too much reads no response before it has sent all


class Bodies:
    """Reads bodies; n_bytes: of all that are held."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.n_bytes: int = 0

    @contextmanager
    def counted(self, n_bytes: int) -> Iterator[None]:
        """Count the bytes as held.   Problem: 429 where there are too many."""
        if self.n_bytes + n_bytes > self._limits.held_bytes:
            raise Problem(429, "too many large requests at a time; send it again later", retry_after=1)
        self.n_bytes += n_bytes
        try:
            yield
        finally:
            self.n_bytes -= n_bytes

    async def read(self, request: Request) -> bytes:
        """Return a JSON body.   Problem: 408, 413, 415 or 429."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Problem(415, f"expected Content-Type: application/json, got {media_type[:80] or 'none'}")
        most = self._limits.body_bytes
        parts: list[bytes] = []
        with self.counted(most):
            n_bytes = 0
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    async for part in request.stream():
                        n_bytes += len(part)
                        if n_bytes > most:
                            await discard(request.receive)
                            raise Problem(413, f"the body has more than {most:,} bytes; stream it as NDJSON, see /")
                        parts.append(part)
            except TimeoutError:
                raise Problem(408, f"the body was not complete after {self._limits.idle_s:g} s") from None
        return b"".join(parts)


async def discard(receive: Receive) -> None:
    """Read the rest of a body, within a bound of time."""
    try:
        async with asyncio.timeout(DISCARDED_S):
            while True:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
    except TimeoutError:
        return


def decoded(body: bytes, kind: type[Struct]) -> Struct:
    """Return a body as a structure.   Problem: 400 for what is no JSON, 422 for what is not of that kind."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Problem(422, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, f"the body is no JSON: {error}") from None
    except RecursionError:
        raise Problem(400, "the body is nested too deeply") from None


def of_query(query: QueryParams, kind: type[Struct]) -> Struct:
    """Return the options in a query; one_of and prefix_tokens may be repeated.   Problem: 422."""
    given: dict[str, Any] = dict(query)
    for name in ("one_of", "prefix_tokens"):
        if name in given:
            given[name] = query.getlist(name)
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Problem(422, str(error)) from None


async def lines(request: Request, limits: Limits) -> AsyncIterator[list[bytes]]:
    """Yield the lines of a body as they arrive, without blank ones, some at a time.

    Problem: 413 for a line that is too long, 408 for a client that sends nothing.
    """
    stream, rest = aiter(request.stream()), b""
    while True:
        try:
            async with asyncio.timeout(limits.idle_s):
                part = await anext(stream, None)
        except TimeoutError:
            raise Problem(408, f"nothing was received for {limits.idle_s:g} s") from None
        *whole, rest = (rest + (part or b"")).split(b"\n")
        if len(rest) > limits.body_bytes:
            raise Problem(413, f"a line has more than {limits.body_bytes:,} bytes")
        if part is None and rest:
            whole.append(rest)
        if found := [line for line in whole if line.strip()]:
            yield found
        if part is None:
            return


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result:
    """Return the result of work, which is cancelled when the client has disconnected.   ClientDisconnect: it has."""
    task = asyncio.current_task()
    assert task is not None, "in a coroutine"
    watching: list[asyncio.Task[None]] = []
    gone = False

    def disconnected(watch: asyncio.Task[None]) -> None:
        nonlocal gone
        if not watch.cancelled():
            gone = True
            task.cancel()

    def watch() -> None:
        watching.append(asyncio.ensure_future(_disconnect(request)))
        watching[0].add_done_callback(disconnected)

    # Most answers are there before a client can lose patience, and a task for each costs a tenth of the rate.
    timer = asyncio.get_running_loop().call_later(WATCHED_AFTER_S, watch)
    try:
        return await work
    except asyncio.CancelledError:
        if not gone:
            raise
        task.uncancel()
        raise ClientDisconnect from None
    finally:
        timer.cancel()
        for one in watching:
            one.remove_done_callback(disconnected)
            one.cancel()


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
