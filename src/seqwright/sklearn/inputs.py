"""Texts from the sequences, arrays and frames that scikit-learn passes."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from seqwright import errors

__all__ = ["InputError", "check_lengths", "sources", "targets"]


class InputError(errors.DataError, ValueError):
    """X or y cannot be read as pairs; also a ValueError, which callers of scikit-learn expect."""


def sources(X: Any) -> tuple[list[str], list[str]]:
    """Return the sources and the features of each, empty where there are none.   InputError."""
    found, features = [], []
    for i, row in enumerate(_rows(X, "X")):
        parts = (row,) if isinstance(row, str) else tuple(row) if isinstance(row, Sequence | np.ndarray) else ()
        if len(parts) not in (1, 2) or not all(isinstance(part, str) for part in parts):
            raise InputError(
                f"X[{i}] is {reprlib.repr(row)}: expected a text, or a pair of source and features, which are texts"
            )
        found.append(str(parts[0]))
        features.append(str(parts[1]) if len(parts) == 2 else "")
    return found, features


def targets(y: Any) -> list[str]:
    """Return the texts of y.   InputError: something else is in it."""
    found = []
    for i, row in enumerate(_rows(y, "y")):
        if not isinstance(row, str):
            raise InputError(f"y[{i}] is {reprlib.repr(row)}: expected a text; turn it into one with str()")
        found.append(str(row))
    return found


def _rows(given: Any, name: str) -> Iterable[Any]:
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        raise InputError(f"{name} is {reprlib.repr(given)}: expected a sequence of texts, such as ['one', 'two']")
    rows: Iterable[Any] = given.to_numpy() if hasattr(given, "to_numpy") else given  # a frame iterates over its columns
    return rows


def check_lengths(X: Sequence[str], y: Sequence[str]) -> None:
    if len(X) != len(y):
        raise InputError(f"X has {len(X):,} sources and y {len(y):,} texts: give one for each")
