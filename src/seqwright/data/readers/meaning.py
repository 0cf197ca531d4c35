"""Which options have a meaning for which formats. One that has none is refused: ignored, it would only seem to work."""

from __future__ import annotations

import dataclasses
from typing import Any

from seqwright import errors
from seqwright.data.readers.columns import Columns
from seqwright.data.readers.schema import Format

__all__ = ["MEMORY", "check", "meaningful"]

MEMORY = "memory"  # pairs of no file
# By format: the options that have no meaning, what the data is, and what to do instead.
MEANINGLESS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "parallel": (
        ("format", "delimiter", "features"),
        "two parallel files, of which each line is one text",
        "or give one file with columns",
    ),
    "jsonl": (("delimiter", "header"), "JSON lines, whose values have keys", "or give --format csv"),
    "json": (("delimiter", "header"), "JSON, whose values have keys", "or give --format csv"),
    "parquet": (("delimiter", "header"), "Parquet, whose columns have names", "or give the right --format"),
    "arrow": (("delimiter", "header"), "Arrow, whose columns have names", "or give the right --format"),
    "dictionary": (
        ("delimiter", "header"),
        "a dictionary: a word, then its symbols",
        "or give --format tsv or --format csv",
    ),
    MEMORY: (
        ("format", "delimiter", "header", "source", "target"),
        "pairs in memory",
        "columns of a frame are chosen by text.source_key and text.target_key",
    ),
}
FLAGS = {"source": "--source-column", "target": "--target-column", "features": "--features-column"}


def check(kind: Format | str, name: str, columns: Columns) -> None:
    """Raise UsageError where an option is given that data of this kind has no use for.   kind: a format, or MEMORY."""
    found = ignored(kind, columns)
    if found:
        _, what, instead = MEANINGLESS[kind]
        given = " and ".join(flag(option, columns) for option in found)
        raise errors.UsageError(f"{name}: {given} has no meaning for {what}; leave it out, {instead}")


def meaningful(kind: Format, columns: Columns) -> Columns:
    """Return the options without those that have no meaning, which earlier versions stored with a model."""
    cleared: dict[str, Any] = dict.fromkeys(ignored(kind, columns))
    return dataclasses.replace(columns, **cleared)


def ignored(kind: Format | str, columns: Columns) -> list[str]:
    """Return the names of the given options that have no meaning."""
    options = MEANINGLESS[kind][0] if kind in MEANINGLESS else ()
    found = [option for option in options if getattr(columns, option)]  # --no-header and no features are always true
    return [option for option in found if (option, getattr(columns, option)) != ("format", kind)]


def flag(option: str, columns: Columns) -> str:
    value = getattr(columns, option)
    if value is True:
        return f"--{option}"
    return f"{FLAGS.get(option, f'--{option}')} {'TAB' if value == chr(9) else value}"
