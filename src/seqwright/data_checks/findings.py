"""The result of the data checks as plain data, most severe findings first."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from seqwright.data.text import Tokens, UnicodeForm

__all__ = ["Case", "FileSummary", "Finding", "Inspection", "Lengths", "Level", "Place", "SideSummary", "verdict"]


class Level(StrEnum):
    """Severity of a finding."""

    ERROR = "error"  # scores or answers will be wrong without any sign of it
    WARNING = "warning"  # often a mistake, sometimes intended
    NOTE = "note"  # a fact about the data that training handles


class Place(msgspec.Struct, frozen=True):
    """A line of a file, counted from 1."""

    file: str
    line: int


class Case(msgspec.Struct, frozen=True):
    """One instance of a finding, and every place where it occurs."""

    what: str
    places: list[Place]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One notable property of the data; `kind` is stable, for programs."""

    kind: str
    level: Level
    message: str  # a sentence with the number in it
    advice: str
    cases: list[Case]


class Lengths(msgspec.Struct, frozen=True):
    """Statistics of the lengths of sources or targets, in tokens."""

    minimum: int = msgspec.field(name="shortest")  # alias
    median: int
    maximum: int = msgspec.field(name="longest")  # alias


class SideSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Sources or targets of a file, tokenised as in training."""

    distinct: int  # number of distinct texts
    symbols: int  # size of the vocabulary
    tokens: Tokens
    unicode_form: UnicodeForm
    lengths: Lengths


class FileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics of one file."""

    name: str
    lines: int
    pairs: int  # number of lines that are not empty
    has_features: bool
    source: SideSummary
    target: SideSummary
    reading: list[str] = []  # lines that describe the columns and what is skipped


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the data checks.

    Attributes
    ----------
    verdict : str
        A one-line summary.
    files : list of FileSummary
        Statistics of each file.
    findings : list of Finding
        Most severe first.
    """

    verdict: str
    files: list[FileSummary]
    findings: list[Finding]


def verdict(findings: Sequence[Finding]) -> str:
    """Return a one-line summary: whether the data is ready for training."""
    errors = [finding for finding in findings if finding.level is Level.ERROR]
    n_warnings = sum(finding.level is Level.WARNING for finding in findings)
    warnings = f"{n_warnings} warning{'s' if n_warnings > 1 else ''}" if n_warnings else ""
    if errors:
        more = f"{len(errors) - 1} more error{'s' if len(errors) > 2 else ''}" if len(errors) > 1 else ""
        also = " and ".join(filter(None, [more, warnings]))
        return f"fix this first: {errors[0].message}" + (f"; {also}" if also else "")
    return f"ready to train; {warnings}" if warnings else "ready to train; no errors or warnings"
