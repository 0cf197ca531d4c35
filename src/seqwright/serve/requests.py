"""Bodies of requests: read within bounds of size and time, and decoded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope

from seqwright.serve.limits import Limits
from seqwright.serve.problems import Problem
from seqwright.serve.watch import Watched

__all__ = ["Bodies", "ClientDisconnect", "decoded", "discard", "lines", "media_type", "of_query"]

Struct = TypeVar("Struct", bound=msgspec.Struct)
DISCARDED_S = 10.0  # a client that sends too much reads no response before it has sent all


class Bodies:
    """Reads bodies; n_bytes: of all that are held."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.n_bytes: int = 0

    async def read(self, request: Request, watched: Watched) -> bytes:
        """Return a JSON body.   Problem: 408, 413, 415, 422 or 429.   ClientDisconnect: the client has gone."""
        kind = media_type(request.scope)
        if kind != "application/json":
            raise Problem(415, f"expected Content-Type: application/json, got {kind[:80] or 'none'}")
        if request.scope["query_string"]:
            raise Problem(422, "options of a request with a JSON body are members of the body, not in the query")
        most = self._limits.body_bytes
        if self.n_bytes + most > self._limits.held_bytes:
            raise Problem(429, "too many large requests at a time; send it again later", retry_after=1)
        watched.within(self._limits.idle_s, self._late)
        self.n_bytes += most
        try:
            return await self._joined(request.receive, most)
        finally:
            self.n_bytes -= most

    async def _joined(self, receive: Receive, most: int) -> bytes:
        body = b""
        parts: list[bytes] = []
        n_bytes, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body, more = message.get("body", b""), message.get("more_body", False)
            n_bytes += len(body)
            if n_bytes > most:
                if more:
                    await discard(receive)
                raise Problem(413, f"the body has more than {most:,} bytes; stream it as NDJSON, see /")
            parts.append(body)
        return body if len(parts) == 1 else b"".join(parts)

    def _late(self) -> Problem:
        return Problem(408, f"the body was not complete after {self._limits.idle_s:g} s")


def media_type(scope: Scope) -> str:
    """Return the media type of a body, without its parameters; "" without one."""
    for name, value in scope["headers"]:
        if name == b"content-type":
            return str(value.decode("latin-1")).partition(";")[0].strip().lower()
    return ""


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
