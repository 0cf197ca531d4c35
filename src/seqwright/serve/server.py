"""The server: a socket, models, and one process or several that answer."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from seqwright.serve import workers
from seqwright.serve.app import Service
from seqwright.serve.gate import Phase
from seqwright.serve.limits import Limits
from seqwright.serve.listener import listening
from seqwright.serve.models import Models
from seqwright.serve.process import Process

__all__ = ["run"]


def run(
    paths: Sequence[Path],
    *,
    host: str,
    port: int,
    token: str | None,
    n_workers: int = 1,
    limits: Limits | None = None,
) -> None:
    """Serve the models until SIGTERM, or Ctrl-C.

    Parameters
    ----------
    paths : sequence of Path
        Model directories; the first is the default.
    host, port : str, int
        Where the server listens; port 0 is any that is free.
    token : str, optional
        Which requests must have, as `Authorization: Bearer TOKEN`.
    n_workers : int, default 1
        Processes that answer; they share the memory of the weights.
    limits : Limits, optional
        Bounds on what a client may use.

    Raises
    ------
    UsageError
        If it cannot listen there, two models have one name, or the system cannot fork workers.
    ModelError
        If a model cannot be loaded.
    """
    limits = limits or Limits()
    with listening(host, port) as listener:
        models = Models(paths)
        if n_workers == 1:
            asyncio.run(serve(models, listener, limits, token=token))
            return
        with workers.Supervisor(models, listener, limits, n=n_workers, token=token) as supervisor:
            supervisor.start()
            announce(listener, models, token=token)
            supervisor.run()


async def serve(models: Models, listener: socket.socket, limits: Limits, *, token: str | None) -> None:
    """Serve in this process alone.   KeyboardInterrupt: Ctrl-C has ended it."""
    service = Service(models, token=token, limits=limits, watch=True)
    process = Process(service, listener, limits)
    interrupted = False

    def end() -> None:
        if service.phase is Phase.SERVING:
            process.drain()
        else:
            process.stop()

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        end()

    actions = {"SIGTERM": end, "SIGINT": interrupt, "SIGHUP": service.reload}
    await process.run(actions, lambda: announce(listener, models, token=token))
    if interrupted:
        raise KeyboardInterrupt


def announce(listener: socket.socket, models: Models, *, token: str | None) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    names = ", ".join(one.name for one in models)
    print(f"seqwright: serving {names} at http://{shown}:{port}/ (Ctrl-C ends it)", file=sys.stderr)
    if not token and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        print(
            "seqwright: warning: whoever reaches this address can use the models; --token restricts it", file=sys.stderr
        )
    sys.stderr.flush()
