"""Read pairs and lines from files as the file contract has them; every fault names file, line and what to do.

A file is UTF-8 (a byte order mark is tolerated), one pair a line, LF or CRLF, plain or `.gz`; `-` is standard input.
There is no quoting: a `"` is a `"`. A line ends at "\\n" and nowhere else: U+2028, "\\x0b", "\\x85" and NUL are data.
Empty fields and lines are data: an empty line is the pair of an empty source and an empty target.

What a token is, and any change to the text itself, belongs to `text`.
"""

import contextlib
import gzip
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from seqwright import errors

__all__ = ["Columns", "Pair", "read_lines", "read_pairs"]

BOM = b"\xef\xbb\xbf"


class Pair(NamedTuple):
    """One example; `features` is as it stands in the file, `line` counts from 1 (0: not from a file)."""

    source: str
    target: str
    features: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column is what, counted from 1.

    features: 0 reads none; None reads column 3 where the file has three columns (or the lowest column that is neither
    source nor target).   SIGMORPHON 2016 files are (source=1, features=2, target=3), later ones the default.
    """

    source: int = 1
    target: int = 2
    features: int | None = None

    def __post_init__(self) -> None:
        if self.source < 1 or self.target < 1 or (self.features or 0) < 0:
            raise errors.ConfigError(f"columns are counted from 1, got {self}; features=0 means none")
        if self.source == self.target or self.features in (self.source, self.target):
            raise errors.ConfigError(f"source, target and features must be different columns, got {self}")

    @property
    def features_if_found(self) -> int:
        """Return the column that holds the features where the file has one."""
        if self.features is not None:
            return self.features
        return min({1, 2, 3} - {self.source, self.target})


STANDARD = Columns()


def read_pairs(path: Path | str, *, columns: Columns = STANDARD) -> list[Pair]:
    """Return every line of a tab-separated file as a Pair, in order.

    With `columns.features` None the file must be of one mind: all lines have the features column or none has it (empty
    lines aside), because a stray tab would otherwise become a feature unseen. With a number, a line that ends before
    that column has no features. Columns beyond those named are ignored.
    DataError: missing, a directory, unreadable, empty, not UTF-8, a line with too few columns, or no target anywhere.
    """
    name = display_name(path)
    text = decode_all(read_all(path), name)
    if not text:
        raise errors.DataError(f"{name}: the file is empty; expected lines of source<TAB>target")
    lines = text.split("\n")
    if lines[-1] == "":  # what follows the last line's end is not a line
        lines.pop()
    return parse(lines, name, columns)


def parse(lines: list[str], name: str, columns: Columns) -> list[Pair]:
    source, target = columns.source - 1, columns.target - 1
    features = columns.features_if_found - 1
    n_needed = max(columns.source, columns.target)
    first: tuple[int, bool] | None = None  # the first line with anything in it, and whether it has features
    pairs = []
    for number, raw in enumerate(lines, start=1):
        line = raw.removesuffix("\r")
        if not line:
            pairs.append(Pair("", "", "", number))
            continue
        fields = line.split("\t")
        if len(fields) < n_needed:
            raise errors.DataError(too_few(name, number, line, len(fields), n_needed))
        has_features = 0 <= features < len(fields)
        if columns.features is None:
            if first is None:
                first = number, has_features
            elif first[1] != has_features:
                raise errors.DataError(uneven(name, number, line, has_features, first[0], features + 1))
        pairs.append(Pair(fields[source], fields[target], fields[features] if has_features else "", number))
    if not any(pair.target for pair in pairs):
        raise errors.DataError(
            f"{name}: every target is empty (column {columns.target}); expected lines of source<TAB>target, "
            f"or name the right column"
        )
    return pairs


def too_few(name: str, number: int, line: str, n_columns: int, n_needed: int) -> str:
    if n_columns == 1:
        return (
            f"{name}, line {number}: no tab in {shorten(line)}; expected source<TAB>target "
            f"(spaces do not separate columns)"
        )
    return f"{name}, line {number}: {n_columns} columns in {shorten(line)}, needed {n_needed}; name the right columns"


def uneven(name: str, number: int, line: str, has_features: bool, first: int, column: int) -> str:
    differ = (
        f"this line has a column {column}, line {first} has not"
        if has_features
        else f"this line has no column {column}, line {first} has one"
    )
    return (
        f"{name}, line {number}: {differ}: {shorten(line)}; remove the stray tab, "
        f"end lines without features in a tab, or set the features column ({column}, or 0 for none)"
    )


def read_lines(path: Path | str, *, errors: Literal["strict", "replace"] = "strict") -> Iterator[str]:
    """Yield every line, without its end, holding one line in memory at a time.

    A last line without an end counts; an empty file yields none. The file is opened at the first `next`.
    errors: what to do where a line is not UTF-8: "strict" raises DataError with line and byte, "replace" reads U+FFFD.
    """
    name = display_name(path)
    with opened(path) as stream, reading(name):
        offset = 0
        for number, raw in enumerate(stream, start=1):
            n_skipped = len(BOM) if number == 1 and raw.startswith(BOM) else 0
            if 0 < n_skipped == len(raw):
                return  # nothing but a byte order mark is an empty file
            line = raw[n_skipped:].removesuffix(b"\n").removesuffix(b"\r")
            try:
                text = line.decode("utf-8", errors=errors)
            except UnicodeDecodeError as fault:
                raise not_utf8(name, number, n_skipped + fault.start, offset, line, fault) from None
            yield text
            offset += len(raw)


def read_all(path: Path | str) -> bytes:
    name = display_name(path)
    with opened(path) as stream, reading(name):
        return stream.read()


def decode_all(data: bytes, name: str) -> str:
    n_skipped = len(BOM) if data.startswith(BOM) else 0
    try:
        return data[n_skipped:].decode("utf-8")
    except UnicodeDecodeError as fault:
        at = n_skipped + fault.start
        start = data.rfind(b"\n", 0, at) + 1
        raise not_utf8(name, data.count(b"\n", 0, at) + 1, at - start, start, data[start:], fault) from None


def not_utf8(name: str, number: int, at: int, start: int, line: bytes, fault: UnicodeDecodeError) -> errors.DataError:
    byte = fault.object[fault.start]
    looks_utf16 = start == 0 and line[:2] in (b"\xff\xfe", b"\xfe\xff")
    encoding = "UTF-16" if looks_utf16 else "LATIN1"
    guess = "it looks like UTF-16" if looks_utf16 else "if it is Latin-1, for example"
    return errors.DataError(
        f"{name}, line {number}, byte {at + 1} (byte {start + at + 1} of the file): 0x{byte:02x} is not UTF-8; "
        f"convert the file ({guess}: iconv -f {encoding} -t UTF-8)"
    )


@contextlib.contextmanager
def opened(path: Path | str) -> Iterator[BinaryIO | gzip.GzipFile]:
    """Open for reading bytes; standard input is lent and stays open."""
    name = display_name(path)
    if str(path) == "-":
        stream = getattr(sys.stdin, "buffer", None)
        if stream is None:
            raise errors.DataError(f"{name}: there is none here; give a file")
        yield stream
        return
    path = Path(path)
    try:
        if path.is_dir():  # asked first, because platforms differ in how a directory fails to open
            raise errors.DataError(f"{name}: is a directory; give a file in it")
        file = gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # noqa: SIM115 - closed below
    except FileNotFoundError:
        raise errors.DataError(f"{name}: no such file; check the path, or give - for standard input") from None
    except PermissionError:
        raise errors.DataError(f"{name}: no permission to read it; change its permissions or copy it") from None
    except (OSError, ValueError) as fault:
        raise errors.DataError(
            f"{name}: cannot be opened ({getattr(fault, 'strerror', fault)}); check the path"
        ) from None
    with file:
        yield file


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what can go wrong between the first and the last byte into a DataError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise errors.DataError(f"{name}: damaged or not gzip ({fault}); compress it again") from None
    except OSError as fault:
        raise errors.DataError(f"{name}: cannot be read ({fault.strerror or fault}); copy it and try again") from None


def display_name(path: Path | str) -> str:
    """Return what messages call this file."""
    name = str(path)
    if name == "-":
        return "standard input"
    return name if name.isprintable() else repr(name)  # a name may hold a line feed, a message may not


def shorten(text: str, width: int = 60) -> str:
    """Return the text quoted, on one line and with nothing unprintable, cut to about `width` characters."""
    return repr(text) if len(text) <= width else repr(text[:width]) + "…"
