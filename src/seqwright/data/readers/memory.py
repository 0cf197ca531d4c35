"""Pairs that are given in memory: tuples, or the rows of a frame as pandas and Polars have them."""

from __future__ import annotations

import hashlib
import itertools
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from seqwright import errors
from seqwright.data.readers.columns import Columns, Pair

__all__ = ["NAME", "Frame", "Rows", "rows"]

NAME = "pairs in memory"


class Frame(Protocol):
    """A table whose columns have names: a pandas or Polars DataFrame."""

    @property
    def columns(self) -> Any:
        """The names of the columns, in order."""
        ...


class Rows:
    """Pairs of an iterable or a frame, which are read once.

    name: what messages and the manifest call them.   digest: SHA-256 of the texts that have been read.
    """

    def __init__(self, given: Iterable[Any] | Frame, name: str = NAME) -> None:
        self._given: Any = given
        self._name = name
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The hash of what has been read, in hexadecimal digits."""
        return self._digest.hexdigest()

    def __str__(self) -> str:
        return self._name

    def pairs(self, columns: Columns) -> Iterator[Pair]:
        """Yield the pairs; `columns.names` are those of a frame.   DataError: something else than texts."""
        for i, row in enumerate(frame_rows(self._given, columns) if is_frame(self._given) else self._given):
            parts = row[:3] if isinstance(row, Pair) else tuple(row) if isinstance(row, tuple | list) else ()
            if len(parts) not in (2, 3) or not all(isinstance(part, str) for part in parts):
                raise errors.DataError(
                    f"{self._name}: row {i} is {reprlib.repr(row)}; expected (source, target) or (source, target, "
                    f"features), which are texts"
                )
            try:
                for part in parts:
                    data = part.encode()
                    self._digest.update(b"%d:%s" % (len(data), data))
            except UnicodeEncodeError as error:
                raise errors.DataError(
                    f"{self._name}: row {i}, {reprlib.repr(row)}, holds half a character ({error.reason}); "
                    f"decode it anew"
                ) from None
            self._digest.update(b"\n")
            source, target, features = map(str, (*parts, "")[:3])
            yield Pair(source, target, "" if columns.features == 0 else features, i + 1)


def rows(given: Any, *, paths: tuple[type, ...]) -> Rows | list[Any]:
    """Return the pairs that are given, or the paths, as a list.   paths: the types of a path.   UsageError: neither."""
    if isinstance(given, Rows):
        return given
    if is_frame(given):
        return Rows(given)
    if isinstance(given, Mapping):
        raise errors.UsageError("the pairs are a mapping; give its items(), which are (source, target) tuples")
    if hasattr(given, "collect"):
        raise errors.UsageError(f"the pairs are a {type(given).__name__}, which has no rows yet; give its collect()")
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise errors.UsageError(
            f"the pairs are {reprlib.repr(given)}; expected a file, several, or (source, target) tuples"
        )
    ahead = iter(given)
    first = next(ahead, None)
    every: Iterable[Any] = [] if first is None else itertools.chain([first], ahead)  # an iterator begins only once
    return list(every) if first is None or isinstance(first, paths) else Rows(every)


def is_frame(given: Any) -> bool:
    # The rows first: the columns of a Polars LazyFrame, which has no rows, are computed, with a warning.
    return (hasattr(given, "itertuples") or hasattr(given, "iter_rows")) and hasattr(given, "columns")


def frame_rows(frame: Any, columns: Columns) -> Iterator[tuple[str, ...]]:
    """Yield the rows of source, target and features, by the columns' names, or else of the first two columns."""
    names = [str(name) for name in frame.columns]
    wanted = [name for name in columns.names if name in names]
    if not set(columns.names[:2]) <= set(wanted):
        if len(names) < 2:
            raise errors.DataError(
                f"{NAME}: the frame has the columns {names}; expected one of sources, one of targets"
            )
        wanted = names[:2] + [name for name in names[2:] if name == columns.names.features]
    places = [names.index(name) for name in wanted]
    every = frame.iter_rows() if hasattr(frame, "iter_rows") else frame.itertuples(index=False, name=None)
    for row in every:
        source, target, *features = (row[place] for place in places)
        yield (source, target, *map(features_text, features))


def features_text(value: Any) -> Any:
    """Return the features of a cell as text, from a list of them too; "" without a value.   Others are unchanged."""
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return ";".join(value)
    return "" if missing(value) else value


def missing(value: Any) -> bool:
    """Return whether a cell holds nothing: None, NaN, or NA of pandas, which can be compared with nothing."""
    return value is None or (not isinstance(value, str) and str(value) in ("nan", "NaT", "<NA>"))
