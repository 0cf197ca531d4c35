"""The process: its socket, its signals, and uvicorn."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from seqwright.errors import UsageError
from seqwright.serve.app import Service
from seqwright.serve.limits import Limits
from seqwright.serve.models import Models

__all__ = ["run"]

BACKLOG = 2048


def run(paths: Sequence[Path], *, host: str, port: int, token: str | None, limits: Limits | None = None) -> None:
    """Serve the models until SIGTERM, or Ctrl-C.

    Parameters
    ----------
    paths : sequence of Path
        Model directories; the first is the default.
    host, port : str, int
        Where the server listens; port 0 is any that is free.
    token : str, optional
        Which requests must have, as `Authorization: Bearer TOKEN`.
    limits : Limits, optional
        Bounds on what a client may use.

    Raises
    ------
    UsageError
        If it cannot listen there, or two models have one name.
    ModelError
        If a model cannot be loaded.
    """
    limits = limits or Limits()
    with listening(host, port) as listener:
        models = Models(paths)
        service = Service(models, token=token, limits=limits)
        asyncio.run(serve(service, listener, limits, names=[one.name for one in models], token=token))


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.   UsageError: it cannot."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        # asyncio switches Nagle's algorithm off only where the protocol is given: with it a response takes 40 ms more.
        return socket.socket(family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach())
    except (OSError, OverflowError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"cannot listen on {host} port {port} ({what}); choose others with --host and --port"
        ) from None


async def serve(
    service: Service, listener: socket.socket, limits: Limits, *, names: Sequence[str], token: str | None
) -> None:
    config = uvicorn.Config(
        service.app, log_level="error", access_log=False, server_header=False, lifespan="on",
        h11_max_incomplete_event_size=1 << 16, timeout_graceful_shutdown=round(limits.request_s),
    )  # fmt: skip
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()

    def drain() -> None:
        if service.draining:  # a second signal
            server.force_exit = True
        service.draining = True
        loop.call_later(limits.drain_s, setattr, server, "should_exit", True)

    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        drain()

    def started() -> None:  # uvicorn has set its own handlers before, which close idle connections at once
        handle(loop, "SIGTERM", drain)
        handle(loop, "SIGINT", interrupt)
        handle(loop, "SIGHUP", service.reload)
        announce(listener, names, token=token)

    service.on_start = started
    await server.serve(sockets=[listener])
    if interrupted:
        raise KeyboardInterrupt


def handle(loop: asyncio.AbstractEventLoop, name: str, action: Callable[[], object]) -> None:
    """Let a signal, where the system has it, run an action in the loop."""
    if number := getattr(signal, name, None):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(action))


def announce(listener: socket.socket, names: Sequence[str], *, token: str | None) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"seqwright: serving {', '.join(names)} at http://{shown}:{port}/ (Ctrl-C ends it)", file=sys.stderr)
    if not token and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        print(
            "seqwright: warning: whoever reaches this address can use the models; --token restricts it", file=sys.stderr
        )
    sys.stderr.flush()
