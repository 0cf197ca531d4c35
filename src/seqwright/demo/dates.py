"""Dates in the formats of eighteen locales, from `babel`, and in ISO 8601."""

import datetime
import importlib
from collections import defaultdict
from typing import Any

import numpy as np

from seqwright.errors import DependencyError

__all__ = ["LOCALES", "STYLES", "texts"]

LOCALES = (
    "ko", "en_US", "en_GB", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru", "el", "ja", "zh", "vi", "hi", "th",
)  # fmt: skip
STYLES = ("full", "long", "medium", "short", "yMMMEd")  # the last is a skeleton with the abbreviated day of the week
# Two-digit years must be unambiguous, so the range is one hundred years; 9/8/94 must be too, so the only locale here
# with the month first has no short style.
FIRST, LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)
LEFT_OUT = {("en_US", "short")}


def texts(n_days: int, rng: np.random.Generator) -> dict[datetime.date, list[str]]:
    """Return n_days distinct days between FIRST and LAST, each in three different locales and styles.

    Texts that denote two of the days are omitted.   DependencyError: babel is not installed.
    """
    try:
        dates: Any = importlib.import_module("babel.dates")
    except ImportError:
        raise DependencyError("the dates demo needs the library babel: pip install 'seqwright[demo]'") from None
    known = ways()
    meant: dict[str, set[datetime.date]] = defaultdict(set)
    written: dict[datetime.date, list[str]] = {}
    for offset in rng.choice((LAST - FIRST).days + 1, n_days, replace=False):
        day = FIRST + datetime.timedelta(days=int(offset))
        written[day] = [write(dates, day, *known[i]) for i in rng.choice(len(known), 3, replace=False)]
        for text in written[day]:
            meant[text].add(day)
    return {day: [text for text in dict.fromkeys(forms) if len(meant[text]) == 1] for day, forms in written.items()}


def ways() -> list[tuple[str, str]]:
    """Return all pairs (locale, style) in use."""
    return [(locale, style) for locale in LOCALES for style in STYLES if (locale, style) not in LEFT_OUT]


def write(dates: Any, day: datetime.date, locale: str, style: str) -> str:
    if style == "yMMMEd":
        return str(dates.format_skeleton(style, day, locale=locale))
    return str(dates.format_date(day, style, locale=locale))
