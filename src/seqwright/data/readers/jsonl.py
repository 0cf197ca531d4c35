"""JSON lines: `{"source": …, "target": …, "features": …}` a line, with keys of any name."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from seqwright import errors
from seqwright.data.readers.columns import Columns, Pair
from seqwright.data.readers.files import shorten

__all__ = ["pairs"]


def pairs(lines: Iterable[str], name: str, columns: Columns) -> Iterator[Pair]:
    """Yield a Pair for each line; other keys are ignored, empty lines skipped.

    Features are optional, a text as in a column (`V;PST`) or a list of texts.
    DataError: a line that is no JSON object, lacks a key, or has something else than text there.
    """
    decoder = msgspec.json.Decoder()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeError) as fault:
            raise errors.DataError(
                f"{name}, line {number}: not JSON ({fault}): {shorten(line)}; mend the line"
            ) from None
        if not isinstance(row, dict):
            raise errors.DataError(
                f"{name}, line {number}: expected an object such as "
                f'{{"{columns.names.source}": "…", "{columns.names.target}": "…"}}, got {shorten(line)}'
            )
        source = field(row, columns.names.source, "source", name, number)
        target = field(row, columns.names.target, "target", name, number)
        features = ""
        if columns.features != 0 and row.get(columns.names.features) is not None:
            given = row[columns.names.features]
            if isinstance(given, list) and all(isinstance(part, str) for part in given):
                row[columns.names.features] = ";".join(given)
            features = field(row, columns.names.features, "features", name, number)
        yield Pair(source, target, features, number)


def field(row: dict[str, Any], key: str, what: str, name: str, number: int) -> str:
    """Return the text under a key.   DataError: there is none."""
    value = row.get(key)
    if isinstance(value, str):
        return value
    if key in row:
        got = shorten(msgspec.json.encode(value).decode())
        raise errors.DataError(f'{name}, line {number}: "{key}" is {got}, not text; write it in quotation marks')
    there = ", ".join(map(repr, row)) or "none"
    raise errors.DataError(
        f'{name}, line {number}: no key "{key}"; its keys: {shorten(there, 200)[1:-1]}; '
        f"name the right one, as with --set text.{what}_key=…"
    )
