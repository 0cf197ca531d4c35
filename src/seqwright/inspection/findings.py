"""What an inspection says: plain data, complete, in the order in which a reader wants it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from seqwright.data.text import Tokens, UnicodeForm

__all__ = ["Case", "FileSummary", "Finding", "Inspection", "Lengths", "Level", "Place", "SideSummary", "verdict"]


class Level(StrEnum):
    """How grave a finding is."""

    MEND = "mend"  # scores or answers will be wrong in a way that nobody sees
    LOOK = "look"  # often a mistake, sometimes meant
    NOTE = "note"  # a fact about the data that training copes with


class Place(msgspec.Struct, frozen=True):
    """A line of a file, counted from 1."""

    file: str
    line: int


class Case(msgspec.Struct, frozen=True):
    """One instance of a finding, and every place where it stands."""

    what: str
    places: list[Place]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is remarkable; `kind` is stable, for programs."""

    kind: str
    level: Level
    says: str  # a sentence with the number in it
    advice: str
    cases: list[Case]


class Lengths(msgspec.Struct, frozen=True):
    """How many tokens the texts of a side have."""

    shortest: int
    median: int
    longest: int


class SideSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a file as training would read it."""

    distinct: int  # texts
    symbols: int  # different ones
    tokens: Tokens
    unicode_form: UnicodeForm
    lengths: Lengths


class FileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is in one file."""

    name: str
    lines: int
    pairs: int  # lines that are not empty
    has_features: bool
    source: SideSummary
    target: SideSummary


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found, gravest first."""

    verdict: str
    files: list[FileSummary]
    findings: list[Finding]


def verdict(findings: Sequence[Finding]) -> str:
    """Return one line that says whether to train on this data."""
    mend = [finding for finding in findings if finding.level is Level.MEND]
    n_look = sum(finding.level is Level.LOOK for finding in findings)
    look = f"{n_look} thing{'s are' if n_look > 1 else ' is'} worth a look" if n_look else ""
    if mend:
        rest = [f"{len(mend) - 1} more to mend"] if len(mend) > 1 else []
        also = " and ".join([*rest, *([look] if look else [])])
        return f"mend this first: {mend[0].says}" + (f"; {also}" if also else "")
    return f"ready to train; {look}" if look else "ready to train; nothing stands out"
