"""Selection of the source and features columns in the input lines of `predict`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seqwright.bundle import Bundle
from seqwright.cli import program
from seqwright.data import text
from seqwright.errors import AmbiguityError, UsageError

__all__ = ["LineColumns"]

TAB = "\t"


class LineColumns:
    """Splits lines into source and features, and warns once of columns that are ignored.

    given: `source_column` and `features_column`, where the user set them.   warn: is called with a message.
    """

    def __init__(self, bundle: Bundle, given: Mapping[str, Any], warn: Callable[[str], None]) -> None:
        self._bundle, self._warn = bundle, warn
        self._has_features = bool(bundle.config.text.features_column)
        self._tab_is_text = TAB in bundle.source.vocabulary  # sources of JSON files may contain tabs
        self._source, self._features = _numbers(given, has_features=self._has_features)
        self._is_given = bool(given.keys() & {"source_column", "features_column"})
        self._warned = self._began = self._looked = False

    def cut(self, lines: Sequence[str]) -> list[tuple[str, str]]:
        """Return source and features of each line.

        AmbiguityError: the model has features, column 2 has none of them, and column 3 has.
        """
        if not self._looked:
            self._looked = True
            self._see_format(lines)
        if not self._has_features and not self._is_given and self._tab_is_text:
            return [(line, "") for line in lines]
        rows = [line.split(TAB) for line in lines]
        if not self._is_given:
            self._see(rows)
        place, features = self._source - 1, self._features - 1
        return [
            (row[place] if place < len(row) else "", row[features] if 0 <= features < len(row) else "") for row in rows
        ]

    def _see_format(self, lines: Sequence[str]) -> None:
        """Warn of lines that are records of the training file, which has a format that input lines have not."""
        schema, line = self._bundle.config.text.schema, next(filter(str.strip, lines), "")
        if schema is None or not line:
            return
        if schema.format in ("jsonl", "json") and "{" not in self._bundle.source.vocabulary and line.startswith('{"'):
            keys = schema.names[schema.source - 1].split(".")
            path = shlex.quote("." + "".join(f'["{key}"]' for key in keys))
            is_key = all(f'"{key}"' in line for key in keys)  # of a dictionary or a table, lines have other keys
            how = f"extract them: jq -r {path} FILE | {program.name()} predict MODEL" if is_key else "give one a line"
            self._warn(f"lines are sources, not JSON; {how}")
        elif len(schema.delimiter) > 1 and schema.delimiter in line:
            self._warn(f"lines are sources: {schema.delimiter!r} and what follows it are part of them")

    def _see(self, rows: Sequence[Sequence[str]]) -> None:
        began, self._began = self._began, True  # no error once answers have been written
        if not self._has_features:
            if any(len(row) > 1 for row in rows) and not self._warned:
                self._warned = True
                self._warn("only column 1 is read: this model has no features")
            return
        wide = [row for row in rows if len(row) > 2]
        if not wide or self._warned:
            return
        if not began and all(not self._known(row[1]) and self._known(row[2]) for row in wide):
            raise AmbiguityError(
                f"expected source<TAB>features, but column 2 ({wide[0][1]!r}) has no known features and column 3 has; "
                f"select the columns to read",
                [["--source-column", "1", "--features-column", "3"]],
            )
        self._warned = True
        self._warn("columns 1 and 2 are read as source and features; other columns are ignored")

    def _known(self, features: str) -> bool:
        symbols = text.feature_symbols(features)
        return bool(symbols) and any(symbol in self._bundle.source.vocabulary for symbol in symbols)


def _numbers(given: Mapping[str, Any], *, has_features: bool) -> tuple[int, int]:
    source, features = given.get("source_column", 1), given.get("features_column", 2 if has_features else 0)
    if isinstance(source, str) or isinstance(features, str) or source < 1:
        raise UsageError("columns of input lines have no names; pass numbers to --source-column and --features-column")
    return source, features if has_features else 0
