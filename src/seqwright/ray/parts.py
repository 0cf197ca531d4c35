"""The parts of files that a cluster answers, and the files of their answers: found without reading the contents.

A part is a range of bytes of a file of lines, some row groups of a Parquet file, or a whole file: one that is
compressed, and CSV, whose quoted line ends are only recognised by reading from the beginning. A part that begins within
a line begins with the next one, as in Hadoop's text input.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs as filesystems

from seqwright.errors import DataError, UsageError

__all__ = ["COMPRESSED", "PART_BYTES", "Part", "Plan", "expanded", "located", "plan"]

PART_BYTES = 1 << 20  # of lines: some seconds of one thread, which are lost with a node
COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")
WHOLE = (".csv", *COMPRESSED)


class Part(NamedTuple):
    """A part of an input file.

    path: of the input, on the file system of the inputs.   first, end: bytes of a file of lines or row groups of a
    Parquet file; end of -1: up to the end of the file.   output: of the answers, on the file system of the outputs.
    """

    path: str
    first: int
    end: int
    output: str


class Plan(NamedTuple):
    """All parts, and the files that cannot be read with the reason."""

    parts: list[Part]
    unreadable: dict[str, str]


def located(address: str) -> tuple[filesystems.FileSystem, str]:
    """Return the file system and the path on it of a path or URI (s3://, gs://, hdfs://, …)."""
    try:
        if "://" in address:
            files, path = filesystems.FileSystem.from_uri(address)
            return files, path
        return filesystems.LocalFileSystem(), str(Path(address).absolute())
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{address}: {error}") from None


def plan(files: filesystems.FileSystem, paths: Sequence[str], output: str, *, part_bytes: int = PART_BYTES) -> Plan:
    """Return the parts of input files and where each is answered: in files named after the inputs."""
    found = Plan([], {})
    common = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    for path in paths:
        try:
            ranges = _ranges(files, path, part_bytes)
        except (OSError, pa.ArrowException) as error:
            found.unreadable[path] = _first_line(error)
            continue
        name = posixpath.join(output, posixpath.relpath(path, common))
        stem, dot, ending = posixpath.basename(name).partition(".")
        for n, (first, end) in enumerate(ranges):
            own = name
            if len(ranges) > 1:
                own = posixpath.join(posixpath.dirname(name), f"{stem}-{n:05}-of-{len(ranges):05}{dot}{ending}")
            found.parts.append(Part(path, first, end, own))
    return found


def _ranges(files: filesystems.FileSystem, path: str, part_bytes: int) -> list[tuple[int, int]]:
    size = files.get_file_info(path).size
    if path.endswith(WHOLE) or size is None:
        return [(0, -1)]
    if not path.endswith(".parquet"):
        edges = list(range(0, max(size, 1), part_bytes))
        return list(zip(edges, [*edges[1:], -1], strict=True))
    with files.open_input_file(path) as stream:
        metadata: Any = pq.ParquetFile(stream).metadata
        edges, n_bytes = [0], 0
        for group in range(metadata.num_row_groups):
            if n_bytes >= part_bytes:
                edges.append(group)
                n_bytes = 0
            n_bytes += metadata.row_group(group).total_byte_size
    return list(zip(edges, [*edges[1:], -1], strict=True))


def expanded(address: str) -> tuple[filesystems.FileSystem, list[str]]:
    """Return the files that a path, URI, folder or pattern names, in the order of their names.   DataError: none."""
    files, path = located(address)
    if not any(c in path for c in "*?["):
        info = files.get_file_info(path)
        if info.type == filesystems.FileType.Directory:
            return files, _listed(files, path, "**/*", address)
        if info.type == filesystems.FileType.NotFound:
            raise DataError(f"{address}: no such file")
        return files, [path]
    parts = path.split("/")
    n = next(i for i, part in enumerate(parts) if any(c in part for c in "*?["))
    return files, _listed(files, "/".join(parts[:n]), "/".join(parts[n:]), address)


def _listed(files: filesystems.FileSystem, folder: str, pattern: str, address: str) -> list[str]:
    selector = filesystems.FileSelector(folder, allow_not_found=True, recursive="/" in pattern or "**" in pattern)
    found = [
        one.path
        for one in files.get_file_info(selector)
        if one.is_file
        and not posixpath.basename(one.path).startswith((".", "_"))
        and fnmatch.fnmatchcase(posixpath.relpath(one.path, folder), pattern.replace("**/", ""))
    ]
    if not found:
        raise DataError(f"{address}: no file has such a name")
    return sorted(found)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
