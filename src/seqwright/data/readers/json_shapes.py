"""What JSON values mean as rows: the shapes in which programs and people keep tables, besides an object for each row.

["chat", "cat"]                                        a row without names
{"translation": {"fr": "chat", "en": "cat"}}           a row with the keys translation.fr and translation.en
{"chat": "cat", "chien": "dog", …}                     a row for each entry, where the file has this one object
{"data": [{"fr": "chat", "en": "cat"}, …]}             the rows are within
{"fr": ["chat", …], "en": ["cat", …]}                  columns
{"fr": {"0": "chat", …}, "en": {"0": "cat", …}}        columns, as pandas writes them
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from seqwright.data.readers import names

__all__ = ["flattened", "rows"]

Row = dict[str, Any]
FEWEST = 10  # entries of an object of texts that is a dictionary
MOST = 100  # of one whose names may be those of a row; a dictionary of more may have an entry "word", and one "form"


def rows(values: Iterator[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    """Yield the rows that objects mean, with their numbers."""
    first = list(itertools.islice(values, 2))
    found = table_of(first[0][1]) if len(first) == 1 else None
    for number, row in itertools.chain(first, values) if found is None else enumerate(found, start=1):
        yield number, flattened(row)


def table_of(value: Row) -> list[Row] | None:
    """Return the rows of the only object of a file; None if it is a row itself."""
    inside = list(value.values())
    texts = [key for key, one in value.items() if isinstance(one, str)]
    if len(value) < MOST and {"source", "target"} <= set(map(names.role_of, texts)):
        return None
    if len(texts) == len(value):
        return [{"source": key, "target": one} for key, one in value.items()] if len(value) >= FEWEST else None
    tables = [one for one in inside if isinstance(one, list) and one and all(isinstance(row, dict) for row in one)]
    if len(tables) == 1:
        found: list[Row] = tables[0]
        return found
    columns = [list(one.values()) if is_column(one) and list(one) == list(inside[0]) else one for one in inside]
    if len(value) > 1 and all(isinstance(one, list) and len(one) == len(columns[0]) > 1 for one in columns):
        return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]
    return None


def is_column(value: Any) -> bool:
    """Return whether a value is a column as pandas writes it, with the numbers of the rows for keys."""
    return isinstance(value, dict) and all(map(str.isdecimal, value))


def flattened(row: Row) -> Row:
    """Return an object with the values of objects within it, under both keys with a dot between."""
    while any(isinstance(value, dict) for value in row.values()):
        within = [(key, value if isinstance(value, dict) else {"": value}) for key, value in row.items()]
        row = {f"{key}.{inner}" if inner else key: one for key, value in within for inner, one in value.items()}
    return row
