"""JSON: an object of a pair a line, or an array of such objects, with keys of any name; and other `json_shapes`."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from seqwright import errors
from seqwright.data.readers.columns import Pair
from seqwright.data.readers.files import shorten
from seqwright.data.readers.schema import Schema

__all__ = ["array_objects", "line_objects", "pairs", "table"]

Objects = Iterable[tuple[int, dict[str, Any]]]
BETWEEN = re.compile(r"(?:[\s,\]]|\[(?=\s*[\[\]{]))*")  # two objects of an array; one of texts begins with a bracket
PIECE, LARGEST = 1 << 16, 1 << 28  # characters of an array that are decoded at a time; of one of its objects


def pairs(objects: Objects, name: str, schema: Schema) -> Iterator[Pair]:
    """Yield a Pair for each object; other keys are ignored.

    Features are optional, a text as in a column (`V;PST`) or a list of texts.
    DataError: an object that lacks a key, or has something else than text there.
    """
    names = schema.names
    source_key, target_key = names[schema.source - 1], names[schema.target - 1]
    features_key = names[schema.features - 1] if schema.features else ""
    for number, row in objects:
        source = field(row, source_key, "source", name, number)
        target = field(row, target_key, "target", name, number)
        features = ""
        if schema.features and row.get(features_key) is not None:
            given = row[features_key]
            if isinstance(given, list) and all(isinstance(part, str) for part in given):
                row[features_key] = ";".join(given)
            features = field(row, features_key, "features", name, number)
        yield Pair(source, target, features, number)


def line_objects(lines: Iterable[tuple[int, str]], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the object of each line; empty lines are skipped.   DataError: a line that is neither object nor list."""
    decoder, kind = msgspec.json.Decoder(), None
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = decoder.decode(line)
        except RecursionError:
            raise errors.DataError(
                f"{name}, line {number}: JSON nested too deeply: {shorten(line)}; expected one object of texts a line"
            ) from None
        except (msgspec.MsgspecError, UnicodeError) as fault:
            raise errors.DataError(
                f"{name}, line {number}: not JSON ({fault}): {shorten(line)}; mend the line"
            ) from None
        kind = kind or type(row)
        yield number, an_object(row, kind, name, f"line {number}")


def array_objects(lines: Iterable[tuple[int, str]], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of an array, or of several values one after the other, numbered from 1.

    Memory holds one of them at a time.   DataError: not JSON, or something else than objects.
    """
    decoder, text, at, number, rest = json.JSONDecoder(), "", 0, 0, iter(lines)
    kind = None
    while True:
        at = BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # matches nothing, too
        try:
            row, end = decoder.raw_decode(text, at)
        except RecursionError:
            raise errors.DataError(f"{name}: JSON nested too deeply; expected an array of objects") from None
        except ValueError as fault:
            more = piece_of(rest, max(PIECE, len(text) - at))
            if not more and at == len(text):
                return
            if not more or len(text) - at > LARGEST:
                raise errors.DataError(
                    f"{name}, object {number + 1}: not JSON ({fault}): {shorten(text[at : at + 200])}; mend it"
                ) from None
            text, at = text[at:] + more, 0
            continue
        number, at = number + 1, end
        kind = kind or type(row)
        yield number, an_object(row, kind, name, f"object {number}")


def piece_of(lines: Iterator[tuple[int, str]], size: int) -> str:
    piece, n = [], 0
    for _, line in lines:
        piece.append(line + "\n")
        n += len(line)
        if n > size:
            break
    return "".join(piece)


def an_object(row: Any, kind: type, name: str, place: str) -> dict[str, Any]:
    """Return an object; a list becomes one with numbers for keys.   kind: of the first row, and so of all others."""
    if isinstance(row, dict) and kind is dict:
        return row
    if isinstance(row, list) and kind is list and len(row) > 1 and not any(isinstance(one, list | dict) for one in row):
        return {str(n): cell for n, cell in enumerate(row, start=1)}
    got = shorten(msgspec.json.encode(row).decode())
    raise errors.DataError(f'{name}, {place}: expected an object such as {{"source": "…", "target": "…"}}, got {got}')


def table(objects: Objects) -> tuple[list[str], list[list[str]]]:
    """Return keys, in order of appearance, and the values as texts, "" where there is none."""
    rows = [row for _, row in objects]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return keys, [[text_of(row.get(key)) for key in keys] for row in rows]


def text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ";".join(value)
    return "" if value is None or isinstance(value, dict | list) else str(value)


def field(row: dict[str, Any], key: str, what: str, name: str, number: int) -> str:
    """Return the text of a key.   DataError: there is none."""
    value = row.get(key)
    if isinstance(value, str):
        return value
    if key in row:
        got = shorten(msgspec.json.encode(value).decode())
        raise errors.DataError(f'{name}, line {number}: "{key}" is {got}, not text; write it in quotation marks')
    there = ", ".join(map(repr, row)) or "none"
    raise errors.DataError(
        f'{name}, line {number}: no key "{key}"; its keys: {shorten(there, 200)[1:-1]}; '
        f"name the right one, as with --{what}-column NAME or --set text.{what}_key=…"
    )
