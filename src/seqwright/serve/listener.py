"""The listening socket, and how it is closed without losing a connection.

A connection is complete, and its request may have been sent, before the server accepts it; the kernel resets those that
are in the queue of a socket that is closed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import socket
import struct
import sys

from seqwright.errors import UsageError

__all__ = ["BACKLOG", "has_queued", "listening", "stop_connecting"]

BACKLOG = 2048
ATTACH_FILTER = 26  # Linux: SO_ATTACH_FILTER, which Python does not name
DROP_SYN = (  # classic BPF on the TCP header: code, offset where true, offset where false, operand
    (0x30, 0, 0, 13),  # load the byte of the flags
    (0x45, 0, 1, 0x02),  # SYN?
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # keep all
)


class Listener(socket.socket):
    """A socket whose queue has its length for good.

    asyncio sets that to the number of connections that it accepts at a time. Were it 1 for a moment, clients whose
    handshake ends then would be reset after their next try.
    """

    def listen(self, _backlog: int = BACKLOG, /) -> None:
        """Listen with the same backlog, whatever the argument."""
        super().listen(BACKLOG)


def listening(host: str, port: int) -> Listener:
    """Return a socket that listens.   UsageError: it cannot."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        # asyncio switches Nagle's algorithm off only where the protocol is given: with it a response takes 40 ms more.
        return Listener(family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach())
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None)  # the text of `create_server` has the address as well
        what = os.strerror(number) if number and number > 0 else str(error)
        raise UsageError(
            f"cannot listen on {host} port {port} ({what}); choose others with --host and --port"
        ) from None


def stop_connecting(listener: socket.socket) -> None:
    """Let the system drop attempts to connect, where it can (Linux), in all processes that share the listener.

    Handshakes under way are completed. A client whose attempt is dropped tries again after a second, and finds the
    socket closed or another server's. Elsewhere connections that come between the last look at the queue and the end
    of the socket are lost.
    """
    if sys.platform == "linux":
        code = b"".join(struct.pack("HBBI", *instruction) for instruction in DROP_SYN)
        program = ctypes.create_string_buffer(code, len(code))
        with contextlib.suppress(OSError):
            given = struct.pack("HP", len(DROP_SYN), ctypes.addressof(program))
            listener.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, given)


def has_queued(listener: socket.socket) -> bool:
    """Return whether connections wait to be accepted."""
    return listener.fileno() >= 0 and bool(select.select([listener], [], [], 0)[0])
