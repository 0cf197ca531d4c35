"""Files as bytes and as lines; every fault names the file, the line and what to do.

Text is UTF-8 (a byte order mark is tolerated), LF or CRLF, plain, `.gz` or `.zst`; `-` is standard input. A line ends
at "\\n" and nowhere else: U+2028, "\\x0b", "\\x85" and NUL are data. What a line means belongs to the modules beside
this.
"""

import contextlib
import glob
import gzip
import hashlib
import io
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

from seqwright import errors
from seqwright.data.readers.encodings import BUFFER, decoded, unpacked

__all__ = [
    "BOM",
    "Digest",
    "display_name",
    "lines_of",
    "matching",
    "opened",
    "opened_as_it_is",
    "read_lines",
    "read_sources",
    "reading",
    "sha256",
    "shorten",
]

BOM = b"\xef\xbb\xbf"


class Digest(Protocol):
    """A hash in the making, as hashlib has them."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


def matching(text: str) -> list[str]:
    """Return the paths that match a pattern, by name; none for a text that is no pattern.   DataError: no path does."""
    if not glob.has_magic(text):
        return []
    if found := sorted(glob.glob(text, recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute pattern
        return found
    raise errors.DataError(f"{display_name(text)}: no file matches; check the pattern")


def read_lines(path: Path | str, *, errors: Literal["strict", "replace"] = "strict") -> Iterator[str]:
    """Yield every line, without its end, holding one line in memory at a time.

    A last line without an end counts; an empty file yields none. The file is opened at the first `next`.
    errors: what to do where a line is not UTF-8: "strict" raises DataError with line and byte, "replace" reads U+FFFD.
    """
    with opened(path) as stream:
        yield from lines_of(stream, display_name(path), errors=errors)


def read_sources(path: Path | str, *, has_features: bool) -> Iterator[tuple[str, str]]:
    """Yield (source, features) of a file with a source on each line and no targets; empty lines are none.

    has_features: a source is followed by a tab and its features.
    """
    for line in read_lines(path):
        source, _, features = line.partition("\t") if has_features else (line, "", "")
        if source:
            yield source, features.split("\t")[0]


def lines_of(stream: BinaryIO, name: str, *, errors: Literal["strict", "replace"] = "strict") -> Iterator[str]:
    """Yield the lines of bytes that `opened` gave; see `read_lines`."""
    with reading(name):
        offset = 0
        for number, raw in enumerate(stream, start=1):
            n_skipped = len(BOM) if number == 1 and raw.startswith(BOM) else 0
            if 0 < n_skipped == len(raw):
                return  # nothing but a byte order mark is an empty file
            line = raw[n_skipped:].removesuffix(b"\n").removesuffix(b"\r")
            try:
                text = line.decode("utf-8", errors=errors)
            except UnicodeDecodeError as fault:
                raise not_utf8(name, number, n_skipped + fault.start, offset, fault) from None
            yield text
            offset += len(raw)


def not_utf8(name: str, number: int, at: int, start: int, fault: UnicodeDecodeError) -> errors.DataError:
    byte = fault.object[fault.start]
    return errors.DataError(
        f"{name}, line {number}, byte {at + 1} (byte {start + at + 1} of the file): 0x{byte:02x} is not UTF-8; "
        f"convert the file (if it is Latin-1, for example: iconv -f LATIN1 -t UTF-8)"
    )


@contextlib.contextmanager
def opened(path: Path | str, *, digest: Digest | None = None, as_it_is: bool = False) -> Iterator[BinaryIO]:
    """Open for reading bytes, unpacked; standard input is lent and stays open.

    as_it_is: decompress by the file's name alone, and convert nothing.
    digest: updated with the bytes of the file, packed or not, while they are read.
    DataError: what cannot be opened, and at the end a file that was written to while it was read.
    """
    with opened_as_it_is(path) as file:
        stream: BinaryIO = file if digest is None else io.BufferedReader(Watched(file, digest), BUFFER)
        name = display_name(path)
        with reading(name):
            stream = unpacked(stream, path, name, by_name=as_it_is)
            if not as_it_is:
                stream = decoded(stream, name, is_file=file.seekable())
        yield stream


@contextlib.contextmanager
def opened_as_it_is(path: Path | str) -> Iterator[BinaryIO]:
    name = display_name(path)
    if str(path) == "-":
        stream = getattr(sys.stdin, "buffer", None)
        if stream is None:
            raise errors.DataError(f"{name}: there is none here; give a file")
        yield stream
        return
    try:
        if Path(path).is_dir():  # checked first, because platforms differ in how a directory fails to open
            raise errors.DataError(f"{name}: is a directory; give a file in it")
        file = Path(path).open("rb")  # noqa: SIM115 - closed below
    except FileNotFoundError:
        raise errors.DataError(f"{name}: no such file; check the path") from None
    except PermissionError:
        raise errors.DataError(f"{name}: no permission to read it; change its permissions or copy it") from None
    except (OSError, ValueError) as fault:
        raise errors.DataError(
            f"{name}: cannot be opened ({getattr(fault, 'strerror', fault)}); check the path"
        ) from None
    with file:
        before = state(file)
        yield file
        if state(file) != before:
            raise errors.DataError(f"{name}: was changed while it was read; start again when nothing writes to it")


def state(file: BinaryIO) -> tuple[int, int] | None:
    """Return what changes when somebody writes to an open file; None for a pipe, which is meant to be written to."""
    found = os.fstat(file.fileno())
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


class Watched(io.RawIOBase):
    """Bytes of another stream, which a digest sees as they pass. Closing it does not close the other."""

    def __init__(self, stream: BinaryIO, digest: Digest) -> None:
        self._stream, self._digest = stream, digest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._digest.update(data)
        buffer[: len(data)] = data
        return len(data)


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what can go wrong between the first and the last byte into a DataError."""
    kind = next((suffix[1:] for suffix in (".zst", ".bz2", ".xz") if suffix in name.lower()), "gzip")
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as fault:
        raise errors.DataError(f"{name}: damaged or not {kind} ({fault}); compress it again") from None
    except OSError as fault:
        if fault.errno is None:  # bz2 has no exception of its own
            raise errors.DataError(f"{name}: damaged or not {kind} ({fault}); compress it again") from None
        raise errors.DataError(f"{name}: cannot be read ({fault.strerror or fault}); copy it and try again") from None


def sha256(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes, packed or not, in hexadecimal."""
    digest = hashlib.sha256()
    with opened_as_it_is(path) as stream, reading(display_name(path)):
        while data := stream.read(BUFFER):
            digest.update(data)
    return digest.hexdigest()


def display_name(path: Path | str) -> str:
    """Return what messages call this file."""
    name = str(path)
    if name == "-":
        return "standard input"
    return name if name.isprintable() else repr(name)  # a name may hold a line feed, a message may not


def shorten(text: str, width: int = 60) -> str:
    """Return the text quoted, on one line and with nothing unprintable, cut to about `width` characters."""
    return repr(text) if len(text) <= width else repr(text[:width]) + "…"
