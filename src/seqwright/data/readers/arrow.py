"""Parquet and Arrow (Feather) files, by pyarrow; columns go by name."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqwright import errors
from seqwright.data.readers.columns import Columns, Pair
from seqwright.data.readers.files import display_name

__all__ = ["pairs"]

ROWS = 8192  # in memory at a time


def pairs(path: Path | str, columns: Columns, *, parquet: bool) -> Iterator[Pair]:
    """Yield a Pair for each row, in order; `line` is the row's number. Other columns are not read.

    parquet: else it is an Arrow file (Feather version 2) or an Arrow stream.
    DataError: not such a file, no such column, a column of something else than text, no value in a row.
    DependencyError: pyarrow is not installed.
    """
    name = display_name(path)
    kind = "Parquet" if parquet else "Arrow"
    pyarrow = library("pyarrow", name, kind)
    number = 0
    try:
        for batch in (parquet_batches if parquet else arrow_batches)(path, columns, name, kind):
            texts = [texts_of(batch.column(key), key, number, name, pyarrow) for key in wanted(batch.schema, columns)]
            for row in zip(*texts, strict=True):
                number += 1
                if None in row[:2]:
                    key = columns.names[row.index(None)]
                    raise errors.DataError(
                        f'{name}, row {number}: no value in column "{key}"; fill it in or remove the row'
                    )
                yield Pair(row[0], row[1], (row[2] or "") if len(row) > 2 else "", number)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as fault:
        what = " ".join(str(fault).split())
        raise errors.DataError(f"{name}: damaged or not a {kind} file ({what}); write it again") from None


def parquet_batches(path: Path | str, columns: Columns, name: str, kind: str) -> Iterator[Any]:
    with library("pyarrow.parquet", name, kind).ParquetFile(path, memory_map=False, pre_buffer=False) as file:
        check(file.schema_arrow, columns, name)
        yield from file.iter_batches(ROWS, columns=wanted(file.schema_arrow, columns), use_threads=False)


def arrow_batches(path: Path | str, columns: Columns, name: str, kind: str) -> Iterator[Any]:
    pyarrow, ipc = library("pyarrow", name, kind), library("pyarrow.ipc", name, kind)
    with pyarrow.OSFile(str(path)) as file:
        is_file = file.read(6) == b"ARROW1"
        file.seek(0)
        with (ipc.open_file if is_file else ipc.open_stream)(file) as reader:
            check(reader.schema, columns, name)
            batches = map(reader.get_batch, range(reader.num_record_batches)) if is_file else iter(reader)
            for batch in batches:
                for start in range(0, batch.num_rows, ROWS):
                    yield batch.slice(start, ROWS)


def wanted(schema: Any, columns: Columns) -> list[str]:
    """Return the names of the source, target and, where there is one, features column."""
    with_features = columns.features != 0 and columns.names.features in schema.names
    return list(columns.names[: 3 if with_features else 2])


def check(schema: Any, columns: Columns, name: str) -> None:
    for what, key in zip(("source", "target"), columns.names, strict=False):
        if key not in schema.names:
            raise errors.DataError(
                f'{name}: no column "{key}"; its columns: {", ".join(schema.names) or "none"}; '
                f"name the right one, as with --set text.{what}_key=…"
            )


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
