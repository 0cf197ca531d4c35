"""Reading lines of a file or a pipe in chunks, without waiting for a full chunk while lines are available."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple, cast

from seqwright.data.readers import files
from seqwright.errors import DataError

__all__ = ["Line", "Reader"]

BLOCK = 1 << 16  # what a pipe holds on Linux
CHUNK_BYTES = 1 << 20


class Line(NamedTuple):
    """One line without its line end.   undecodable: not valid UTF-8; invalid bytes were replaced with U+FFFD."""

    text: str
    undecodable: bool


class Reader:
    """Reads a file, or standard input if the path is "-".

    n_bytes: number of decompressed bytes read so far.
    """

    def __init__(self, path: str, *, errors: Literal["strict", "replace"]) -> None:
        self._path, self._errors = path, errors
        self.n_bytes: int = 0

    def chunks(self, size: int) -> Iterator[list[Line]]:
        """Yield lists of at most `size` lines; fewer if the next line is not available yet.

        Memory is constant apart from the longest line.   DataError: see `data.readers.files`; for a line that is not
        UTF-8 it is raised after the lines before it were yielded.
        """
        chunk: list[Line] = []
        chunk_bytes = 0
        with files.opened(self._path, as_it_is=self._path == "-") as stream:
            arriving = _Arriving(stream)
            lines = files.lines_of(cast(BinaryIO, arriving), files.display_name(self._path), errors=self._errors)
            while True:
                try:
                    text = next(lines, None)
                except DataError:
                    if chunk:
                        yield chunk
                    raise
                if text is None:
                    break
                self.n_bytes += len(arriving.last)
                chunk_bytes += len(arriving.last)
                chunk.append(Line(text, "\ufffd" in text and not _is_utf8(arriving.last)))
                if len(chunk) == size or chunk_bytes > CHUNK_BYTES or not arriving.has_line:
                    yield chunk
                    chunk, chunk_bytes = [], 0
        if chunk:
            yield chunk


class _Arriving:
    """Iterates over the lines of a binary stream as they arrive.

    `read1` blocks until any bytes are available and returns them. The first lines of a pipe are therefore answered at
    once, and lines that arrive meanwhile form the next chunk, whose size adapts to the speed of prediction.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._read = stream.read1  # type: ignore[attr-defined]  # every buffered stream has it, the protocol does not
        self._is_file = _is_file(stream)
        self._lines: list[bytes] = []  # complete lines in reverse order
        self._rest: list[bytes] = []  # pieces of the incomplete last line
        self.last = b""

    @property
    def has_line(self) -> bool:
        """Whether the next line is available without blocking."""
        return self._is_file or bool(self._lines)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while not self._lines:
            block = self._read(BLOCK)
            if not block:
                break
            first, *others = block.split(b"\n")
            self._rest.append(first)
            if others:
                whole = [b"".join(self._rest), *others[:-1]]
                self._lines = [line + b"\n" for line in reversed(whole)]
                self._rest = [others[-1]]
        if self._lines:
            self.last = self._lines.pop()
        else:
            self.last = b"".join(self._rest)
            self._rest = []
            if not self.last:
                raise StopIteration
        return self.last


def _is_file(stream: BinaryIO) -> bool:
    """Return whether reading never blocks."""
    try:
        return stream.seekable()
    except (OSError, ValueError):
        return False


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
