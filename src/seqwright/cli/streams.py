"""Standard streams that are closed, on a full disk, or without a reader: one rule for every command.

Results that cannot be written are a failure, unless nobody reads them: standard output that is closed, or a pipe whose
reader has ended, takes them in silence. Progress and messages that cannot be written are lost, and the work goes on.
"""

import io
import os
import sys
from typing import Any

__all__ = ["discard_output", "prepare"]


def prepare() -> None:
    """Make the streams of this process safe to write to."""
    for descriptor in (0, 1, 2):  # a file opened later would get a free number, and what is printed with it
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    # A process that is started with a closed stream finds None in its place.
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
    """Discard what is still to be written to standard output, which Python flushes once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Lossy(io.RawIOBase):
    """A stream that loses what cannot be written to another one."""

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
