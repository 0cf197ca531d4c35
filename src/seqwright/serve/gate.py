"""What every request passes: the token, the count, headers that protect the page, and the end of the server."""

from __future__ import annotations

import enum
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seqwright.serve import problems, requests

__all__ = ["Gate", "Phase"]

OPEN = ("/health", "/ready", "/", "/api", "/openapi.json")  # without a token; the page has a field for it
ASSETS = "/assets/"
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
]


class Phase(enum.Enum):
    """What a process does with the requests that it receives.

    In all phases but the first, each connection is closed after its next response; in the last two, it is not ready.
    """

    SERVING = enum.auto()
    RETIRING = enum.auto()  # answers; other processes accept connections
    DRAINING = enum.auto()  # answers; new connections still come
    REFUSING = enum.auto()


class Phased(Protocol):
    """A service in a phase."""

    phase: Phase


class Gate:
    """ASGI middleware.

    posts: handlers of POST requests by path, which are called without the router: it would cost as much as they do.
    count: is called with path, status and seconds of each request.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: Phased,
        token: str | None,
        posts: Mapping[str, problems.Handler],
        count: Callable[[str, int, float], None],
    ) -> None:
        self._app, self._service, self._posts, self._count = app, service, posts, count
        self._token = token.encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status, service = time.perf_counter(), 500, self._service

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = [name for name, _ in message["headers"]]
                message["headers"] += [one for one in HEADERS if one[0] not in given]
                if service.phase is not Phase.SERVING:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            if self._refused(scope["path"]):
                detail = "the server is shutting down; send it to another, or again later"
                await requests.discard(receive)  # a client that is still sending may read no response
                await problems.response(503, detail, {"Retry-After": "1"})(scope, receive, sent)
            elif not self._admitted(scope):
                detail = "expected the header Authorization: Bearer TOKEN with the token of this server"
                await problems.response(401, detail, {"WWW-Authenticate": "Bearer"})(scope, receive, sent)
            elif scope["method"] == "POST" and (handler := self._posts.get(scope["path"])):
                response = await problems.answered(handler, Request(scope, receive, sent))
                await response(scope, receive, sent)
            else:
                await self._app(scope, receive, sent)
        finally:
            self._count(scope["path"], status, time.perf_counter() - begin)

    def _refused(self, path: str) -> bool:
        phase = self._service.phase
        return (phase is Phase.DRAINING and path == "/ready") or (phase is Phase.REFUSING and path != "/health")

    def _admitted(self, scope: Scope) -> bool:
        path = scope["path"]
        if self._token is None or path in OPEN or path.startswith(ASSETS):
            return True
        kind, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token)
