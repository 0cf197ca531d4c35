"""What a reader yields, and which part of a line or row is what."""

from dataclasses import dataclass
from typing import NamedTuple

from seqwright import errors

__all__ = ["STANDARD", "Columns", "Names", "Pair"]


class Pair(NamedTuple):
    """One example; `features` is as it stands in the file, `line` counts from 1 (0: not from a file)."""

    source: str
    target: str
    features: str = ""
    line: int = 0


class Names(NamedTuple):
    """What source, target and features are called in files whose columns or keys have names."""

    source: str = "source"
    target: str = "target"
    features: str = "features"


NAMES = Names()


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column is what: counted from 1 in tab-separated files, by name in JSON lines, Parquet and Arrow.

    features: 0 reads none, from any file; None reads column 3 where the file has three columns (or the lowest column
    that is neither source nor target).   SIGMORPHON 2016 files are (source=1, features=2, target=3), later ones the
    default.
    """

    source: int = 1
    target: int = 2
    features: int | None = None
    names: Names = NAMES

    def __post_init__(self) -> None:
        if self.source < 1 or self.target < 1 or (self.features or 0) < 0:
            raise errors.ConfigError(f"columns are counted from 1, got {self}; features=0 means none")
        if self.source == self.target or self.features in (self.source, self.target):
            raise errors.ConfigError(f"source, target and features must be different columns, got {self}")
        if len(set(self.names)) < len(self.names):
            raise errors.ConfigError(f"source, target and features must have different names, got {self.names}")

    @property
    def features_if_found(self) -> int:
        """Return the column that holds the features where the file has one."""
        if self.features is not None:
            return self.features
        return min({1, 2, 3} - {self.source, self.target})


STANDARD = Columns()
