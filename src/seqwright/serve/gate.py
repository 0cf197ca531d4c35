"""What every request passes: the token, the count, headers that protect the page, and the end of the server."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seqwright.serve import problems

__all__ = ["Gate"]

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


class Ending(Protocol):
    """A service that may be shutting down."""

    draining: bool
    retiring: bool


class Gate:
    """ASGI middleware.   count: is called with path, status and seconds of each request."""

    def __init__(
        self, app: ASGIApp, *, service: Ending, token: str | None, count: Callable[[str, int, float], None]
    ) -> None:
        self._app, self._service, self._count = app, service, count
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
                given = {name for name, _ in message["headers"]}
                message["headers"] += [one for one in HEADERS if one[0] not in given]
                if service.draining or service.retiring:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            if service.draining and scope["path"] != "/health":
                detail = "the server is shutting down; send it to another, or again later"
                await problems.response(503, detail, {"Retry-After": "1"})(scope, receive, sent)
            elif not self._admitted(scope):
                detail = "expected the header Authorization: Bearer TOKEN with the token of this server"
                await problems.response(401, detail, {"WWW-Authenticate": "Bearer"})(scope, receive, sent)
            else:
                await self._app(scope, receive, sent)
        finally:
            self._count(scope["path"], status, time.perf_counter() - begin)

    def _admitted(self, scope: Scope) -> bool:
        path = scope["path"]
        if self._token is None or path in OPEN or path.startswith(ASSETS):
            return True
        kind, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token)
