"""Responses of one record a line, in constant memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from seqwright.serve import problems
from seqwright.serve.problems import Problem
from seqwright.serve.schema import Source

__all__ = ["Lines", "answered_lines"]

Answered = Callable[[Sequence[tuple[str, str]]], Awaitable[list[bytes]]]


class Lines:
    """A response that sends lines as they come.

    Not Starlette's StreamingResponse, which reads from the client meanwhile and would take parts of a streamed body.
    idle_s: until the client takes a part; then it is left.
    """

    def __init__(self, lines: AsyncIterator[list[bytes]], *, idle_s: float) -> None:
        self._lines, self._idle_s = lines, idle_s

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/x-ndjson")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            async for some in self._lines:
                body = b"".join(line + b"\n" for line in some)
                async with asyncio.timeout(self._idle_s):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
        except Problem as problem:  # the status has been sent
            body = problems.details(problem.status, problem.detail) + b"\n"
            await send({"type": "http.response.body", "body": body, "more_body": True})
        except (ClientDisconnect, TimeoutError):
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def answered_lines(
    incoming: AsyncIterator[list[bytes]], answered: Answered, *, at_most: int
) -> AsyncIterator[list[bytes]]:
    """Yield a record or problem for each line, in order.   at_most: sources passed to `answered` at a time."""
    async for some in incoming:
        for begin in range(0, len(some), at_most):
            yield await _answered(some[begin : begin + at_most], answered)


async def _answered(lines: Sequence[bytes], answered: Answered) -> list[bytes]:
    read = [_source(line) for line in lines]
    sources = [one for one in read if isinstance(one, tuple)]
    records = iter(await _each(sources, answered) if sources else [])
    return [one if isinstance(one, bytes) else next(records) for one in read]


async def _each(sources: Sequence[tuple[str, str]], answered: Answered) -> list[bytes]:
    """Return what `answered` does; where it refuses some of several sources, a problem in place of those."""
    try:
        return await answered(sources)
    except Problem as problem:
        if problem.status != 422:
            raise
        if len(sources) == 1:
            return [problems.details(problem.status, problem.detail)]
    return [record for one in sources for record in await _each([one], answered)]


def _source(line: bytes) -> tuple[str, str] | bytes:
    """Return the source and its features, or the problem of a line."""
    try:
        found = msgspec.json.decode(line, type=Source | str)
    except msgspec.ValidationError as error:
        return problems.details(422, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return problems.details(400, f"the line is no JSON: {error}")
    return (found, "") if isinstance(found, str) else (found.source, found.features)
