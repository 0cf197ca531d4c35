"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from seqwright.errors import SeqwrightError, UsageError

__all__ = [
    "HANDLERS",
    "MEDIA_TYPE",
    "Handler",
    "Problem",
    "ProblemDetails",
    "answered",
    "details",
    "of_library",
    "response",
]

MEDIA_TYPE = "application/problem+json"
Handler = Callable[[Request], Awaitable[ASGIApp]]


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, in the form of RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Problem(Exception):  # noqa: N818 - the RFC's word
    """A request that gets no answer.   retry_after: seconds after which it may be sent again."""

    def __init__(self, status: int, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status: int = status
        self.detail: str = detail
        self.headers: dict[str, str] = {} if retry_after is None else {"Retry-After": str(retry_after)}


def details(status: int, detail: str) -> bytes:
    """Return the problem as one line of JSON."""
    return msgspec.json.encode(ProblemDetails(title=HTTPStatus(status).phrase, status=status, detail=detail))


def response(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response for a problem."""
    return Response(details(status, detail), status, headers, MEDIA_TYPE)


def of_library(error: SeqwrightError) -> Problem:
    """Return the problem for an error of seqwright: 422 for options and sources, 500 for the rest."""
    return Problem(422 if isinstance(error, UsageError) else 500, str(error))


async def answered(handler: Handler, request: Request) -> ASGIApp:
    """Return the response of a handler, or that for a problem; `HANDLERS` is for what Starlette routes."""
    try:
        return await handler(request)
    except Problem as error:
        return await of_problem(request, error)
    except ClientDisconnect as error:
        return await of_disconnect(request, error)


async def of_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return response(error.status, error.detail, error.headers)


async def of_http(_request: Request, error: Exception) -> Response:
    """Return the response for an error of Starlette: an unknown path, a method that a path does not have."""
    assert isinstance(error, HTTPException)
    methods = (error.headers or {}).get("Allow", "others")
    texts = {404: "no such path; /api lists them", 405: f"this path does not have that method; it has: {methods}"}
    return response(error.status_code, texts.get(error.status_code, error.detail), error.headers)


async def unexpected(_request: Request, _error: Exception) -> Response:
    """Return the response for a defect; the traceback goes to the server's standard error alone."""
    return response(500, "the server failed; its log has the reason")


async def of_disconnect(_request: Request, _error: Exception) -> Response:
    """Return what is counted where nobody is left to read a response, which is no defect."""
    return Response(status_code=CLIENT_CLOSED_REQUEST)


CLIENT_CLOSED_REQUEST = 499  # as nginx logs it; no client ever receives it
HANDLERS: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    Problem: of_problem,
    HTTPException: of_http,
    ClientDisconnect: of_disconnect,
    Exception: unexpected,
}
