"""Parquet and Arrow (Feather) files, by pyarrow; columns go by name, and those of a structure as `translation.en`."""

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqwright import errors
from seqwright.data.readers.columns import Pair
from seqwright.data.readers.files import display_name
from seqwright.data.readers.schema import Schema

__all__ = ["flattened", "head", "pairs"]

ROWS = 8192  # in memory at a time


def pairs(path: Path | str, schema: Schema, *, parquet: bool) -> Iterator[Pair]:
    """Yield a Pair for each row, in order; `line` is the row's number. Other columns are not read.

    parquet: else it is an Arrow file (Feather version 2) or an Arrow stream.
    DataError: not such a file, no such column, a column of something else than text, no value in a row.
    DependencyError: pyarrow is not installed.
    """
    name, kind = display_name(path), "Parquet" if parquet else "Arrow"
    keys = [schema.names[number - 1] for number in (schema.source, schema.target, schema.features) if number]
    pyarrow = library("pyarrow", name, kind)
    number = 0
    with reading(name, kind, pyarrow):
        for batch in batches(path, name, parquet=parquet, keys=keys):
            texts = [texts_of(batch.column(key), key, number, name, pyarrow) for key in keys]
            for row in zip(*texts, strict=True):
                number += 1
                if None in row[:2]:
                    key = keys[row.index(None)]
                    raise errors.DataError(
                        f'{name}, row {number}: no value in column "{key}"; fill it in or remove the row'
                    )
                yield Pair(row[0], row[1], (row[2] or "") if len(row) > 2 else "", number)


def head(path: Path | str, n: int, *, parquet: bool) -> tuple[list[str], list[list[str]]]:
    """Return the columns' names, and the first n rows as texts.   Raises as `pairs` does."""
    name, kind = display_name(path), "Parquet" if parquet else "Arrow"
    keys: list[str] = []
    rows: list[list[str]] = []
    with reading(name, kind, library("pyarrow", name, kind)):
        for batch in batches(path, name, parquet=parquet, keys=None):
            keys = list(batch.schema.names)
            some = batch.slice(0, n - len(rows))
            columns = [[text_of(value) for value in column.to_pylist()] for column in some.columns]
            rows += map(list, zip(*columns, strict=True))
            if len(rows) >= n:
                break
    return keys, rows


def text_of(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list | bytes) else str(value)


@contextlib.contextmanager
def reading(name: str, kind: str, pyarrow: Any) -> Iterator[None]:
    try:
        yield
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as fault:
        what = " ".join(str(fault).split())
        raise errors.DataError(f"{name}: damaged or not a {kind} file ({what}); write it again") from None


def batches(path: Path | str, name: str, *, parquet: bool, keys: list[str] | None) -> Iterator[Any]:
    pyarrow = library("pyarrow", name, "Parquet" if parquet else "Arrow")
    for batch in parquet_batches(path, name, keys) if parquet else arrow_batches(path, name):
        yield flattened(pyarrow.Table.from_batches([batch]))


def flattened(table: Any) -> Any:
    """Return a table with a column for each field of its structures, as deep as they are: "translation.fr"."""
    import pyarrow

    while any(pyarrow.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def parquet_batches(path: Path | str, name: str, keys: list[str] | None) -> Iterator[Any]:
    module = library("pyarrow.parquet", name, "Parquet")
    with module.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
        yield from file.iter_batches(ROWS, columns=keys, use_threads=False)


def arrow_batches(path: Path | str, name: str) -> Iterator[Any]:
    pyarrow, ipc = library("pyarrow", name, "Arrow"), library("pyarrow.ipc", name, "Arrow")
    with pyarrow.OSFile(str(path)) as file:
        is_file = file.read(6) == b"ARROW1"
        file.seek(0)
        with (ipc.open_file if is_file else ipc.open_stream)(file) as reader:
            batches = map(reader.get_batch, range(reader.num_record_batches)) if is_file else iter(reader)
            for batch in batches:
                for start in range(0, batch.num_rows, ROWS):
                    yield batch.slice(start, ROWS)


def texts_of(column: Any, key: str, number: int, name: str, pyarrow: Any) -> list[str | None]:
    text = pyarrow.types
    kind = column.type.value_type if text.is_dictionary(column.type) else column.type
    if not (text.is_string(kind) or text.is_large_string(kind) or text.is_string_view(kind) or text.is_null(kind)):
        raise errors.DataError(
            f'{name}, row {number + 1}: column "{key}" holds {kind}, not text; name a column of text'
        )
    return list(column.to_pylist())


def library(module: str, name: str, kind: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise errors.DependencyError(
            f"{name}: {kind} files need the library pyarrow: pip install 'seqwright[data]', or convert it to TSV"
        ) from None
