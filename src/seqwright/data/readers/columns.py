"""What a reader yields, and the options of reading a file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import NamedTuple

from seqwright import errors
from seqwright.data.readers.schema import Format, Schema

__all__ = ["STANDARD", "Columns", "Names", "Pair"]


class Pair(NamedTuple):
    """One example; `features` is as the file has it, `line` counts from 1 (0: not from a file)."""

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
Place = int | str  # of a column: counted from 1, or its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The options of a reader; None is found from the file (`detect`).

    source, target, features: numbers from 1, or names of a header or of keys; features=0 reads none, from any file.
    SIGMORPHON 2016 files are (source=1, features=2, target=3), later ones (1, 2, 3).
    names: preferred names where columns or keys have names.   delimiter: of tsv and csv.   header: whether the first
    line holds names.   comment: what comment lines start with, "" none.   like: how other files of the same task are
    read: a file of the same shape is read alike, and ambiguities are decided by it.
    """

    source: Place | None = None
    target: Place | None = None
    features: Place | None = None
    names: Names = NAMES
    format: Format | None = None
    delimiter: str | None = None
    header: bool | None = None
    comment: str | None = None
    like: Schema | None = None

    def __post_init__(self) -> None:
        numbers = [place for place in (self.source, self.target) if isinstance(place, int)]
        if any(number < 1 for number in numbers) or (isinstance(self.features, int) and self.features < 0):
            raise errors.ConfigError(f"columns are counted from 1, got {self.places}; features=0 means none")
        places = [place for place in self.places if place is not None]
        if len(set(places)) < len(places):
            raise errors.ConfigError(f"source, target and features must be different columns, got {self.places}")
        if len(set(self.names)) < len(self.names):
            raise errors.ConfigError(f"source, target and features must have different names, got {self.names}")

    @property
    def places(self) -> tuple[Place | None, Place | None, Place | None]:
        """Source, target and features as given."""
        return self.source, self.target, self.features

    def over(self, other: Columns) -> Columns:
        """Return the options of `other`, replaced where these are given."""
        given = {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) is not None and not (field.name == "names" and value == NAMES)
        }
        return dataclasses.replace(other, **given)


STANDARD = Columns()
