"""How responses are written to connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

__all__ = ["Joined"]

MOST_JOINED = 1 << 16  # bytes


class Joined:
    """A transport that sends what is written in one turn of the event loop together.

    uvicorn writes head and body of a response one after the other, and a system call for each costs as much as half of
    the rest.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self._loop = transport, asyncio.get_running_loop()
        self._parts: list[bytes] = []
        self._n_bytes = 0
        self.is_closing: Callable[[], bool] = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._n_bytes += len(data)
        if self._n_bytes > MOST_JOINED:  # the transport then stops whoever writes more than the client takes
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            self._transport.write(b"".join(self._parts))
            self._parts.clear()
            self._n_bytes = 0
