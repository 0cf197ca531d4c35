"""Handling of closed, full or unread standard streams, for all commands.

Results that cannot be written are an error, except if standard output is closed or is a pipe whose reader has ended:
they are discarded then. Progress and messages that cannot be written are discarded, and the command continues.
"""

import io
import os
import sys
from typing import Any

__all__ = ["discard_output", "prepare"]


def prepare() -> None:
    """Make the streams of this process safe to write to."""
    for descriptor in (0, 1, 2):  # a file opened later would get a free descriptor, and output would be written to it
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    # Python sets sys.stdout and sys.stderr to None if they are closed at the start.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the process ends
    stderr: Any = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    if stderr is sys.__stderr__:
        buffer: Any = getattr(stderr, "buffer", None)
        stderr = io.TextIOWrapper(io.BufferedWriter(_Lossy(getattr(buffer, "raw", buffer))), line_buffering=True)
    sys.stderr = stderr
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):  # absent where something captures the stream
            reconfigure(encoding="utf-8", errors="backslashreplace")


def discard_output() -> None:
    """Discard buffered output, which Python flushes once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Lossy(io.RawIOBase):
    """A raw stream that discards data which cannot be written to another one."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return bool(self._raw.isatty())

    def write(self, data: Any, /) -> int | None:
        try:
            return self._raw.write(data)  # type: ignore[no-any-return]
        except OSError:
            return len(data)
