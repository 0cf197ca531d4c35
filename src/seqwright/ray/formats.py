"""Records of a part of a file, and the same records with answers: lines, JSON lines, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs as filesystems

from seqwright.data.readers import arrow
from seqwright.data.readers.json_shapes import flattened
from seqwright.errors import DataError, UsageError
from seqwright.ray.parts import COMPRESSED, Part

__all__ = ["ANSWER", "SCORE", "Batch", "Columns", "Format", "format_of"]

BATCH = 4096  # records
ANSWER, SCORE = "answer", "score"  # names of the columns that are added
BLOCK = 1 << 20


class Columns(NamedTuple):
    """Which columns are source and features, by name or by number from 1; None: by the names that are usual."""

    source: str | int | None = None
    features: str | int | None = None

    def chosen(self, names: Sequence[str], path: str, *, has_features: bool) -> tuple[str, str | None]:
        """Return the names of source and features.   UsageError: there is no such column."""
        source = self._one(self.source, names, path, "source")
        source = source or ("source" if "source" in names else names[0] if len(names) == 1 else None)
        if source is None:
            raise UsageError(f"{path} has columns {', '.join(names)}; choose one with --source-column")
        features = self._one(self.features, names, path, "features")
        return source, features or ("features" if has_features and "features" in names else None)

    def _one(self, given: str | int | None, names: Sequence[str], path: str, what: str) -> str | None:
        if given is None:
            return None
        name = names[given - 1] if isinstance(given, int) and 0 < given <= len(names) else given
        if name not in names:
            raise UsageError(f"{path} has no column {given} for {what}; it has {', '.join(names)}")
        return str(name)


class Batch(NamedTuple):
    """Some records with their sources and features."""

    records: Any
    sources: list[str]
    features: list[str]


class Format(Protocol):
    """Reads the records of a part, and writes them with answers."""

    def read(self, files: filesystems.FileSystem, part: Part, columns: Columns, has_features: bool) -> Iterator[Batch]:
        """Yield the records."""

    def write(self, stream: pa.NativeFile, records: Any, answers: list[str], scores: list[float], /) -> None:
        """Write some records with their answers."""

    def close(self, stream: pa.NativeFile) -> None:
        """Write what is left."""


def format_of(path: str) -> Format:
    """Return the format for the name of a file."""
    for ending in COMPRESSED:
        path = path.removesuffix(ending)
    if path.endswith(".parquet"):
        return Parquet()
    if path.endswith(".csv"):
        return Csv()
    return JsonLines() if path.endswith((".jsonl", ".ndjson", ".json")) else Lines()


class _ByLine:
    def lines(self, files: filesystems.FileSystem, part: Part) -> Iterator[list[tuple[int, bytes]]]:
        """Yield the lines of a part without their ends, with the byte that each begins at."""
        found = self._all(files, part)
        while some := list(itertools.islice(found, BATCH)):
            yield some

    def _all(self, files: filesystems.FileSystem, part: Part) -> Iterator[tuple[int, bytes]]:
        whole = part.first == 0 and part.end == -1
        stream = files.open_input_stream(part.path) if whole else files.open_input_file(part.path)
        with stream:
            at = part.first
            if at:  # the line that begins before this part belongs to the part before
                stream.seek(at - 1)
                at -= 1
            for line in io.BufferedReader(_Raw(stream), BLOCK):
                begins, at = at, at + len(line)
                if begins < part.first:
                    continue
                if part.end != -1 and begins >= part.end:
                    return
                yield begins, line.removesuffix(b"\n").removesuffix(b"\r")

    def close(self, stream: pa.NativeFile) -> None:
        """Do nothing: all is written."""


class _Raw(io.RawIOBase):
    """A stream of Arrow as Python's buffers take it."""

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _text(line: bytes, begins: int, path: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise DataError(f"{path}: byte {begins:,}: not UTF-8") from None


class Lines(_ByLine):
    """Lines of columns between tabs, of which the first is the source, and with a model with features the second."""

    def read(self, files: filesystems.FileSystem, part: Part, columns: Columns, has_features: bool) -> Iterator[Batch]:
        source, features = columns.source or 1, columns.features or (2 if has_features else 0)
        if isinstance(source, str) or isinstance(features, str):
            raise UsageError("columns of lines have no names; give their numbers")
        for some in self.lines(files, part):
            lines = [_text(line, begins, part.path) for begins, line in some]
            rows = [line.split("\t") for line in lines]
            yield Batch(lines, [_cell(row, source) for row in rows], [_cell(row, features) for row in rows])

    def write(self, stream: pa.NativeFile, records: Any, answers: list[str], _scores: list[float]) -> None:
        rows = (f"{line}\t{_one_line(answer)}\n" for line, answer in zip(records, answers, strict=True))
        stream.write("".join(rows).encode())


def _cell(row: Sequence[str], number: int) -> str:
    return row[number - 1] if 0 < number <= len(row) else ""


def _one_line(text: str) -> str:
    return text.translate({9: " ", 10: " ", 13: " "})


class JsonLines(_ByLine):
    """An object on each line."""

    def read(self, files: filesystems.FileSystem, part: Part, columns: Columns, has_features: bool) -> Iterator[Batch]:
        for some in self.lines(files, part):
            records = [_object(line, begins, part.path) for begins, line in some if line.strip()]
            if not records:
                continue
            _refuse_taken(records[0], part.path)
            flat = [flattened(one) for one in records]
            source, features = columns.chosen(list(flat[0]), part.path, has_features=has_features)
            sources = [_string(one.get(source), source, part.path) for one in flat]
            yield Batch(records, sources, [_string(one.get(features or ""), "", part.path) for one in flat])

    def write(self, stream: pa.NativeFile, records: Any, answers: list[str], scores: list[float]) -> None:
        rows = zip(records, answers, scores, strict=True)
        lines = [msgspec.json.encode({**one, ANSWER: answer, SCORE: score}) for one, answer, score in rows]
        stream.write(b"\n".join(lines) + b"\n")


def _object(line: bytes, begins: int, path: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: byte {begins:,}: not a JSON object ({error})") from None


def _string(value: Any, name: str, path: str) -> str:
    if value is None:
        return ""
    if isinstance(value, list):  # features as a list
        return ";".join(map(str, value))
    if not isinstance(value, str):
        raise DataError(f"{path}: {name} is {value!r}, expected a string")
    return value


def _refuse_taken(names: Any, path: str) -> None:
    if taken := [name for name in (ANSWER, SCORE) if name in names]:
        raise UsageError(f"{path} has a column {taken[0]} already; rename it")


class Csv:
    """Comma-separated values with a header and quoting (RFC 4180)."""

    def __init__(self) -> None:
        self._header: list[str] = []
        self._written = False

    def read(self, files: filesystems.FileSystem, part: Part, columns: Columns, has_features: bool) -> Iterator[Batch]:
        with files.open_input_stream(part.path) as stream:
            text = io.TextIOWrapper(io.BufferedReader(_Raw(stream), BLOCK), encoding="utf-8-sig", newline="")
            rows = csv.reader(text, strict=True)
            try:
                self._header = next(rows, [])
                if not self._header:
                    return
                _refuse_taken(self._header, part.path)
                source, features = columns.chosen(self._header, part.path, has_features=has_features)
                place = self._header.index(source) + 1
                other = self._header.index(features) + 1 if features else 0
                while some := list(itertools.islice(rows, BATCH)):
                    yield Batch(some, [_cell(row, place) for row in some], [_cell(row, other) for row in some])
            except (csv.Error, UnicodeDecodeError) as error:
                raise DataError(f"{part.path}: line {rows.line_num:,}: {error}") from None

    def write(self, stream: pa.NativeFile, records: Any, answers: list[str], scores: list[float]) -> None:
        text = io.StringIO()
        out = csv.writer(text, lineterminator="\n")
        if not self._written:
            out.writerow([*self._header, ANSWER, SCORE])
            self._written = True
        out.writerows([*row, answer, score] for row, answer, score in zip(records, answers, scores, strict=True))
        stream.write(text.getvalue().encode())

    def close(self, stream: pa.NativeFile) -> None:
        """Write the header of a file without records."""
        if self._header and not self._written:
            self.write(stream, [], [], [])


class Parquet:
    """Row groups of a Parquet file; all columns keep their types."""

    def __init__(self) -> None:
        self._schema: pa.Schema | None = None
        self._writer: pq.ParquetWriter | None = None

    def read(self, files: filesystems.FileSystem, part: Part, columns: Columns, has_features: bool) -> Iterator[Batch]:
        with files.open_input_file(part.path) as stream:
            table = pq.ParquetFile(stream)
            _refuse_taken(table.schema_arrow.names, part.path)
            added = [pa.field(ANSWER, pa.string()), pa.field(SCORE, pa.float32())]
            self._schema = pa.schema([*table.schema_arrow, *added], metadata=table.schema_arrow.metadata)
            names = arrow.flattened(table.schema_arrow.empty_table()).column_names
            source, features = columns.chosen(names, part.path, has_features=has_features)
            groups = list(range(part.first, table.num_row_groups if part.end == -1 else part.end))
            for batch in table.iter_batches(BATCH, row_groups=groups):
                flat = arrow.flattened(pa.Table.from_batches([batch]))
                sources = [_string(one, source, part.path) for one in flat.column(source).to_pylist()]
                tags = flat.column(features).to_pylist() if features else [""] * len(sources)
                yield Batch(batch, sources, [_string(one, features or "", part.path) for one in tags])

    def write(self, stream: pa.NativeFile, records: Any, answers: list[str], scores: list[float]) -> None:
        writer = self._opened(stream)
        columns = [*records.columns, pa.array(answers, pa.string()), pa.array(scores, pa.float32())]
        writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self, stream: pa.NativeFile) -> None:
        """Write the footer."""
        if self._schema is not None:
            self._opened(stream).close()

    def _opened(self, stream: pa.NativeFile) -> pq.ParquetWriter:
        if self._writer is None:
            self._writer = pq.ParquetWriter(stream, self._schema)
        return self._writer
