"""Frozen structures whose values are checked when they are made, and what a wrong value is answered with.

Decoding, `msgspec.convert`, `msgspec.structs.replace` and `copy.replace` make a structure as Python does, so the check
holds for all of them.
"""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Literal, get_args, get_origin

import msgspec
import msgspec.structs

from seqwright.errors import ConfigError, suggestion

__all__ = ["Checked", "choices", "cut", "fitting", "renamed", "shown"]

MOST_SHOWN = 80  # characters of a wrong value in a message
UNBOUNDED = ("time_budget_s",)  # keys that take infinity, which is no limit


class _Named(msgspec.StructMeta):
    """Takes the earlier names of fields, and refuses a keyword that is no field, with the nearest one."""

    aliases: dict[str, str]

    def __call__(cls, *args: Any, **values: Any) -> Any:  # noqa: N805 - of a metaclass
        values = renamed(values, cls.aliases, origin=cls.__name__)
        for name in values:
            if name not in cls.__struct_fields__:
                nearest = suggestion(name, cls.__struct_fields__)
                raise ConfigError(f"{cls.__name__}: unknown key {name!r}{nearest}")
        return super().__call__(*args, **values)


class Checked(msgspec.Struct, metaclass=_Named, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A structure whose values are checked when it is made."""

    section: ClassVar[str] = ""  # of a file of settings
    aliases: ClassVar[dict[str, str]] = {}  # earlier name: name

    def __post_init__(self) -> None:
        for field in _fields(type(self)):
            given = getattr(self, field.name)
            origin = f"{self.section}.{field.name}".lstrip(".")
            value = fitting(field.name, given, field.type, f"{origin} = {shown(given)}")
            if value is not given:  # a list where a tuple is meant, a number of NumPy's
                msgspec.structs.force_setattr(self, field.name, value)
        if what := self._conflict():
            raise ConfigError(what)

    def _conflict(self) -> str:
        """Return which options, right by themselves, do not go together, and what to do; "" where all of them do."""
        return ""


@functools.cache
def _fields(kind: type[Checked]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def renamed(values: Mapping[str, Any], aliases: Mapping[str, str], *, origin: str) -> dict[str, Any]:
    """Return values under the current names.   ConfigError: a value was given under both names."""
    for before, now in aliases.items():
        if before in values and now in values:
            raise ConfigError(f"{origin}: {before} is the earlier name of {now}; give one of the two")
    return {aliases.get(name, name): value for name, value in values.items()}


def fitting(key: str, value: Any, kind: Any, origin: str) -> Any:
    """Return a value as its key holds it.   ConfigError: it does not fit, with what does."""
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        value = value.item()
    try:
        fitting = msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        allowed = choices(kind)
        if not allowed or not isinstance(value, str):
            known = f"; known: {', '.join(allowed)}" if allowed else ""
            raise ConfigError(f"{origin}: {error}{known}") from None
        near = difflib.get_close_matches(value, allowed, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"{origin}: expected one of {', '.join(allowed)}{meant}") from None
    if isinstance(fitting, float) and math.isinf(fitting) and key not in UNBOUNDED:
        raise ConfigError(f"{origin}: expected a finite number")
    return fitting


def shown(value: Any) -> str:
    try:
        return cut(repr(value))
    except RecursionError:
        return f"a {type(value).__name__}"


def cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def choices(kind: Any) -> list[str]:
    """Return the words that a type allows."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if isinstance(kind, msgspec.Meta):
        return list(map(str, kind.examples or ()))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return [choice.value for choice in kind]
    return [choice for part in get_args(kind) for choice in choices(part)]
