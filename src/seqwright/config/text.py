"""The text section of the configuration: how files become pairs, and texts become tokens."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from seqwright.checked import Checked
from seqwright.data import readers, subwords
from seqwright.data.text import UnicodeForm

__all__ = ["TextConfig"]

Place = Annotated[int, msgspec.Meta(ge=0)] | str
TokenChoice = Annotated[str, msgspec.Meta(pattern=subwords.PATTERN, examples=subwords.CHOICES)]


class TextConfig(Checked, frozen=True, kw_only=True):
    """How the two sides are read and cut into tokens."""

    section: ClassVar[str] = "text"

    reader: Literal["auto"] | readers.Reader = "auto"  # by a file's name or content
    source_column: Place | None = None  # counted from 1, or a name; found from the data, as the two below
    target_column: Place | None = None
    features_column: Place | None = None  # 0: none
    header: bool | None = None  # whether the first line of a tsv or csv file holds names
    delimiter: str | None = None  # tab, comma, semicolon, pipe, space, or the character itself
    comment: str | None = None  # what comment lines start with, "" none
    schema: readers.Schema | None = None  # what was found, by which later files of the same shape are read
    source_key: str = "source"  # what the columns are called in JSON lines, Parquet and Arrow
    target_key: str = "target"
    features_key: str = "features"
    source_tokens: TokenChoice | None = None
    target_tokens: TokenChoice | None = None
    source_form: UnicodeForm | None = None
    target_form: UnicodeForm | None = None

    def columns(self) -> readers.Columns:
        """Return how a reader is to read training files."""
        return readers.Columns(
            source=self.source_column,
            target=self.target_column,
            # With a schema, the number is what was found, which only means something for a file of the same shape.
            features=None if self.schema is not None and self.features_column else self.features_column,
            names=self._names,
            format=None if self.reader == "auto" else self.reader,
            delimiter=None if self.delimiter is None else readers.DELIMITERS.get(self.delimiter, self.delimiter),
            header=self.header,
            comment=self.comment,
            like=self.schema,
        )

    def later_columns(self) -> readers.Columns:
        """Return how a reader is to read files for a trained model: like those of its training."""
        legacy = readers.Schema(
            source=self.source_column if isinstance(self.source_column, int) else 1,
            target=self.target_column if isinstance(self.target_column, int) else 2,
            features=self.features_column if isinstance(self.features_column, int) else 0,
        )
        like = self.schema or legacy
        return readers.Columns(
            features=None if like.features else 0,
            names=self._names,
            header=None if self.header else self.header,
            comment=self.comment,
            like=like,
        )

    @property
    def _names(self) -> readers.Names:
        return readers.Names(self.source_key, self.target_key, self.features_key)
