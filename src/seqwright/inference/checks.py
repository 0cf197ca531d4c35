"""Checks of option values, shared by the classes of options."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import numbers
import operator
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from seqwright.errors import UsageError

__all__ = ["exponents", "known_names", "numbers_", "whole"]

Class = TypeVar("Class", bound=type)
MOST_EXPONENT = 20  # 4,096 ** 20 = 2e72


def known_names(cls: Class) -> Class:
    """Return the dataclass with a constructor that suggests the right name for one that it does not know."""
    names = [field.name for field in dataclasses.fields(cls)]
    construct = cls.__init__  # type: ignore[misc]

    @functools.wraps(construct)
    def checked(self: Any, *arguments: Any, **options: Any) -> None:
        for name in options:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
                raise UsageError(f"{cls.__name__}: unknown option {name!r}; {hint}")
        construct(self, *arguments, **options)

    cls.__init__ = checked  # type: ignore[misc]
    return cls


def whole(options: Any, least: Mapping[str, int]) -> None:
    """Raise UsageError for an option that is neither None nor a whole number of at least `least`."""
    for name, smallest in least.items():
        value = getattr(options, name)
        if value is None and _may_be_none(options, name):
            continue
        try:
            number = operator.index(value)
        except TypeError:
            raise UsageError(f"{name} = {value!r}: expected a whole number") from None
        if number < smallest:
            raise UsageError(f"{name} = {value}: expected at least {smallest}")


def numbers_(options: Any, least: Mapping[str, float | None]) -> None:
    """Raise UsageError for an option that is neither None nor a finite number of at least `least`, if that is given."""
    for name, smallest in least.items():
        value = getattr(options, name)
        if value is None and _may_be_none(options, name):
            continue
        if not isinstance(value, numbers.Real) or not math.isfinite(value):
            raise UsageError(f"{name} = {value!r}: expected a number")
        if smallest is not None and value < smallest:
            raise UsageError(f"{name} = {value}: expected at least {smallest}")


def exponents(options: Any, names: Iterable[str]) -> None:
    """Raise UsageError for an exponent of lengths with which scores would leave the range of numbers."""
    for name in names:
        value = getattr(options, name)
        if value is not None and abs(value) > MOST_EXPONENT:
            raise UsageError(f"{name} = {value}: expected at most {MOST_EXPONENT}, usually 0 to 1")


def _may_be_none(options: Any, name: str) -> bool:
    return options.__dataclass_fields__[name].default is None  # `dataclasses.fields` takes a twentieth of a word's time
