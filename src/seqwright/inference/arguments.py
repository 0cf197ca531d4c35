"""Validation of the texts that callers pass."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator
from typing import Any

from seqwright.errors import UsageError

__all__ = ["not_one_text", "paired", "texts"]


def not_one_text(given: Any, name: str) -> None:
    """Raise UsageError for a single text, and for anything that is not iterable."""
    if isinstance(given, str | bytes):
        raise UsageError(f"{name} is one text, {reprlib.repr(given)}: pass a list, [{reprlib.repr(given)}]")
    if not isinstance(given, Iterable):
        raise UsageError(f"{name} is {reprlib.repr(given)}: expected a list of texts, such as ['one', 'two']")


def texts(given: Iterable[str], name: str, n: int | None = None) -> list[str]:
    """Return the texts as a list.   n: the expected number.   UsageError: another number, or an element is no str."""
    not_one_text(given, name)
    found = [_text(value, name, i) for i, value in enumerate(given)]
    if n is not None and len(found) != n:
        raise UsageError(f"{name} has {len(found):,} texts for {n:,} sources: pass one for each")
    return found


def paired(sources: Iterable[str], features: Iterable[str] | None) -> Iterator[tuple[str, str]]:
    """Yield each source with its features, empty where none are given.   UsageError: as `texts`."""
    end = object()
    others = iter(features) if features is not None else None
    n = 0
    for n, source in enumerate(sources, start=1):
        given: Any = "" if others is None else next(others, end)
        if given is end:
            raise UsageError(f"features has {n - 1:,} texts, sources has more: pass one for each")
        yield _text(source, "sources", n - 1), _text(given, "features", n - 1)
    if others is not None and next(others, end) is not end:
        raise UsageError(f"features has more than {n:,} texts, sources has {n:,}: pass one for each")


def _text(value: Any, name: str, i: int) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{name}[{i}] is {reprlib.repr(value)}: expected a text")
    return str(value)
