"""The processes of the workers of a node, and waiting for what other processes do."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

WAIT_S = 120.0


def until(found: Callable[[], T], what: str) -> T:
    """Return what is found as soon as it is neither empty nor zero nor false; fail after two minutes without."""
    ends = time.monotonic() + WAIT_S
    while not (value := found()):
        assert time.monotonic() < ends, f"waited {WAIT_S:g} s for {what}"
        time.sleep(0.02)
    return value


def workers(raylet: int, name: str) -> list[int]:
    """Return the processes of a node that run a task or an actor of this name."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == raylet and (folder / "cmdline").read_bytes().startswith(f"ray::{name}".encode()):
                found.append(int(folder.name))
    return found
