"""Bytes of other kinds than plain UTF-8: compressed, UTF-16, or with lines that end at CR; known by their first bytes.

What can be read safely is read; the rest is named, with the command that converts it.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import importlib
import io
import lzma
import re
import shlex
import sys
from pathlib import Path
from typing import Any, BinaryIO, cast

from seqwright import errors

__all__ = ["BUFFER", "PACKED", "decoded", "unlike", "unpacked"]

PACKED = (".gz", ".zst", ".bz2", ".xz")  # file names end so where the content is compressed
BUFFER = 1 << 18
PACKED_BUFFER = 1 << 14  # small, because a few packed bytes can hold thousands of times as many
MAGIC = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz"}
TABLES = "give lines of text (pairs may be in such a file, not in a pipe, and predict --ray answers one)"
N_START = 64  # bytes that are needed to recognise what is in OTHERS
OTHERS = {  # pattern of the first bytes: what the file is, and what to do
    rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/|word/|mimetype)": (  # the first member of the archive
        "a spreadsheet or another file of an office program",
        "save its table as CSV or its text as UTF-8",
    ),
    b"PK\x03\x04": ("a ZIP archive", "unpack it first: unzip -p {} > {}"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it first: 7z e -so {} > {}"),
    b"Rar!\x1a\x07": ("a RAR archive", "unpack it first: unrar p -inul {} > {}"),
    b"\xd0\xcf\x11\xe0": ("a file of an old office program", "save its table as CSV"),
    b"\x89PNG": ("a picture", "give a text file"),
    b"\xff\xd8\xff": ("a picture", "give a text file"),
    b"GIF87a": ("a picture", "give a text file"),
    b"GIF89a": ("a picture", "give a text file"),
    b"%PDF-": ("a PDF document", "give its text: pdftotext -layout {} -"),
    b"\x7fELF": ("a program", "give a text file"),
    b"SQLite format 3\0": ("an SQLite database", "save its table as CSV"),
    b"PAR1": ("a Parquet file", TABLES),
    b"ARROW1": ("an Arrow file", TABLES),
}
N_UTF16 = 16  # bytes that are needed to recognise UTF-16 without a byte order mark


def unlike(path: Path | str) -> str:
    """Return the name of a file for the result of a command that reads `path`, which it must not overwrite."""
    return "converted.tsv" if Path(path).name == "pairs.tsv" else "pairs.tsv"


def peeked(stream: BinaryIO, n: int = 8192) -> bytes:
    """Return up to n of the next bytes, which stay in the stream; b"" where it cannot be peeked into."""
    if peek := getattr(stream, "peek", None):
        return cast(bytes, peek(n))[:n]
    if not stream.seekable():
        return b""
    start = stream.tell()
    data = stream.read(n)
    stream.seek(start)
    return data


def unpacked(stream: BinaryIO, path: Path | str, name: str, *, by_name: bool = False) -> BinaryIO:
    """Return the stream after decompression, which the first bytes ask for, or else the file's name.

    by_name: do not examine the bytes, which may be any.
    DataError: an archive of several files, a picture, or another file that is no text.
    """
    start = b"" if by_name else peeked(stream, N_START)
    for pattern, (what, advice) in OTHERS.items():
        if re.match(pattern, start, re.DOTALL):
            raise errors.DataError(f"{name}: is {what}; {advice.format(shlex.quote(str(path)), unlike(path))}")
    suffix = next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), Path(path).suffix.lower())
    if suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    if suffix == ".bz2":
        return cast(BinaryIO, bz2.BZ2File(stream))
    if suffix == ".xz":
        return cast(BinaryIO, lzma.LZMAFile(stream))
    if suffix == ".zst":
        return io.BufferedReader(Zstandard(stream, name), BUFFER)
    return stream


def decoded(stream: BinaryIO, name: str, *, is_file: bool) -> BinaryIO:
    """Return the stream as UTF-8 with LF line ends, where its first bytes say that it is UTF-16 or ends lines at CR.

    is_file: else a pipe, where the line feed may be still to come.
    DataError: UTF-16 without a byte order mark, which can be mistaken; the message has the command that converts it.
    """
    start = peeked(stream)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not start.startswith(codecs.BOM_UTF32_LE):
        stream = io.BufferedReader(Recoded(stream, "utf-16"), BUFFER)
        start = peeked(stream)
    elif encoding := utf16_without_mark(start):
        raise errors.DataError(
            f"{name}: seems to be UTF-16 without a byte order mark; convert it: "
            f"iconv -f {encoding} -t UTF-8 {shlex.quote(name)} > {unlike(name)}"
        )
    if is_file and b"\r" in start and b"\n" not in start:
        return io.BufferedReader(LineFeeds(stream), BUFFER)
    return stream


def utf16_without_mark(start: bytes) -> str:
    """Return "UTF-16LE" or "UTF-16BE" where the bytes make lines of text in it and not in UTF-8, else ""."""
    start = start[: len(start) // 2 * 2]
    if len(start) < N_UTF16 or not (b"\n\0" in start or b"\0\n" in start):
        return ""
    for encoding, zeros in (("UTF-16LE", start[1::2]), ("UTF-16BE", start[0::2])):
        text = start.decode(encoding, "replace")
        n_ascii = sum(c in "\n\r\t ,;" or (c.isascii() and c.isprintable()) for c in text)
        n_known = sum(c in "\n\r\t" or c.isprintable() for c in text)
        if (
            "\n" in text
            and n_known >= 0.98 * len(text)
            and 5 * n_ascii >= len(text)
            and 5 * zeros.count(0) >= len(zeros)
        ):
            return encoding
    return ""


class Recoded(io.RawIOBase):
    """UTF-8 of a stream in another encoding."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream, self._decoder = stream, codecs.getincrementaldecoder(encoding)()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data = self._stream.read(PACKED_BUFFER)
            text = self._decoder.decode(data, final=not data)
            if not data and not text:
                return 0
            self._ready = text.encode("utf-8", "surrogatepass")
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


class LineFeeds(io.RawIOBase):
    """A stream whose lines end at CR, with LF in their place."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer)).replace(b"\r", b"\n")
        buffer[: len(data)] = data
        return len(data)


class Zstandard(io.RawIOBase):
    """What a stream of Zstandard frames holds; unlike the library's own reader it notices a frame cut short."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._decompressor, self._fault = _zstandard(name)
        self._frame: Any = None  # None between two frames
        self._rest, self._ready = b"", memoryview(b"")  # packed, unpacked

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            packed = self._rest or self._stream.read(PACKED_BUFFER)
            self._rest = b""
            if not packed:
                if self._frame is not None:
                    raise EOFError("it ends within a frame")
                return 0
            self._frame = self._frame or self._decompressor()
            try:
                self._ready = memoryview(self._frame.decompress(packed))
            except self._fault as fault:
                raise EOFError(str(fault)) from None
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _zstandard(name: str) -> tuple[Any, Any]:
    """Return what makes a decompressor of one frame, and the exception of damaged data."""
    if sys.version_info >= (3, 14):
        zstd: Any = importlib.import_module("compression.zstd")
        return zstd.ZstdDecompressor, zstd.ZstdError
    try:
        zstandard: Any = importlib.import_module("zstandard")
    except ImportError:
        raise errors.DependencyError(
            f"{name}: .zst needs the library zstandard: pip install 'seqwright[data]', or unpack the file"
        ) from None
    return zstandard.ZstdDecompressor().decompressobj, zstandard.ZstdError
