"""Files with quoting rules: cells between delimiters, in quotation marks where they need it (RFC 4180)."""

import csv
from collections.abc import Iterable, Iterator

from seqwright import errors
from seqwright.data.readers.columns import Pair
from seqwright.data.readers.files import shorten
from seqwright.data.readers.schema import Schema

__all__ = ["pairs"]


def pairs(lines: Iterable[tuple[int, str]], name: str, schema: Schema) -> Iterator[Pair]:
    """Yield every row as a Pair; `line` is where it begins. Empty lines are skipped.

    DataError: a row with too few cells, or a quotation mark that is never closed.
    """
    number = 0

    def texts() -> Iterator[str]:
        nonlocal number
        for at, line in lines:
            number = at
            yield line + "\n"

    source, target, features = schema.source - 1, schema.target - 1, schema.features - 1
    n_needed = max(schema.source, schema.target)
    rows, begin = csv.reader(texts(), delimiter=schema.delimiter, strict=True), 1
    try:
        for row in rows:
            first, begin = begin, number + 1
            if not row:
                continue
            if len(row) < n_needed:
                raise errors.DataError(
                    f"{name}, line {number}: {len(row)} column{'s' * (len(row) != 1)} in "
                    f"{shorten(schema.delimiter.join(row))}, needed {n_needed}; mend the line, or name the right "
                    f"columns or --delimiter"
                )
            yield Pair(row[source], row[target], row[features] if 0 <= features < len(row) else "", max(first, 1))
    except csv.Error as fault:
        raise errors.DataError(
            f"{name}, line {begin}: quotation marks are not as CSV has them ({fault}); mend the line, or read "
            f"quotation marks as text with --format tsv --delimiter {schema.delimiter!r}"
        ) from None
