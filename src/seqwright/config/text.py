"""The text section of the configuration: how files become pairs, and texts become tokens."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from seqwright.checked import Checked
from seqwright.data import readers, subwords
from seqwright.data.text import UnicodeForm

__all__ = ["TOKENS", "TextConfig"]

TOKENS = ("source_tokens", "source_form", "target_tokens", "target_form")  # settings that decide how texts are cut
Place = Annotated[int, msgspec.Meta(ge=0)] | str
TokenChoice = Annotated[str, msgspec.Meta(pattern=subwords.PATTERN, examples=subwords.CHOICES)]


class TextConfig(Checked, frozen=True, kw_only=True):
    """How files become pairs, and how the two sides are cut into tokens.

    Parameters
    ----------
    reader : {"auto", "tsv", "csv", "dictionary", "jsonl", "json", "parquet", "arrow", "parallel"}, default "auto"
        Format of the files; "auto" is by a file's name or content.
    source_column, target_column : int or str, default None
        Columns of sources and targets: numbers from 1, or names of a header or of keys. None: found from the data.
    features_column : int or str, default None
        Column of the features; 0 for none. None: found from the data.
    header : bool, default None
        Whether the first line of a file of lines holds names. None: found from the data.
    delimiter : str, default None
        What separates columns: "tab", "comma", "semicolon", "pipe", "space", or the text itself. None: found from the
        data.
    comment : str, default None
        Prefix of the lines that are skipped as comments; "" for none. None: found from the data.
    schema : readers.Schema, default None
        How the training files were read; later files of the same shape are read by it. Set by the training.
    source_key, target_key, features_key : str, default "source", "target", "features"
        Preferred names of columns and keys.
    source_tokens, target_tokens : str, default None
        Tokens of each side: "characters", "graphemes", "words", or "subwords:N" with N units. None: found from the
        data.
    source_form, target_form : {"NFC", "NFD", "NFKC", "NFKD", "none"}, default None
        Unicode normal form of each side. None: found from the data.

    Raises
    ------
    ConfigError
        If a value is out of its range, or a keyword is no setting.
    """

    section: ClassVar[str] = "text"

    reader: Literal["auto"] | readers.Reader = "auto"
    source_column: Place | None = None
    target_column: Place | None = None
    features_column: Place | None = None
    header: bool | None = None
    delimiter: str | None = None
    comment: str | None = None
    schema: readers.Schema | None = None
    source_key: str = "source"
    target_key: str = "target"
    features_key: str = "features"
    source_tokens: TokenChoice | None = None
    target_tokens: TokenChoice | None = None
    source_form: UnicodeForm | None = None
    target_form: UnicodeForm | None = None

    def columns(self) -> readers.Columns:
        """Return how a reader is to read training files.

        Returns
        -------
        readers.Columns
            The options that are set; None for what is found from the data.
        """
        given = readers.Columns(
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
        return given if self.schema is None else readers.meaningful(self.schema.format, given)

    def later_columns(self) -> readers.Columns:
        """Return how a reader is to read files for a trained model: like those of its training.

        Returns
        -------
        readers.Columns
            The options, and the schema of the training files.
        """
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
