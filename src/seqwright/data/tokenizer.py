"""The tokenizer of one side of a model: from text to ids and back, and the files that store it.

A `Splitter` cuts normalized text into tokens (`text.TextFormat`, `subwords.Subwords`), a `Vocabulary` numbers them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from seqwright.data import subwords, text
from seqwright.data.vocabulary import Vocabulary
from seqwright.errors import ModelError

__all__ = ["Segmentation", "Side", "Tokenizer", "file_names"]

Side = Literal["source", "target"]


class Segmentation(msgspec.Struct, frozen=True):
    """How a side is to be cut into tokens, as settings state it; None: found from the data.

    tokens: characters, graphemes, words or subwords:N.   model: a SentencePiece model, which is used for subwords
    instead of one that is trained on the data.
    """

    tokens: str | None = None
    unicode_form: text.UnicodeForm | None = None
    model: bytes | None = None


def file_names(side: Side) -> tuple[str, str]:
    """Return the names of the files of a side: its vocabulary and, of subwords, its SentencePiece model."""
    return f"{side}.vocab.json", f"{side}.subwords.model"


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """How the texts of one side become ids, and ids texts. It is a `Splitter`, too.

    Special ids are not added: START and END belong to sequences, not to text.
    """

    splitter: text.TextFormat | subwords.Subwords
    vocabulary: Vocabulary

    @property
    def unicode_form(self) -> text.UnicodeForm:
        """The form to which texts are normalized."""
        return self.splitter.unicode_form

    @property
    def tokens(self) -> str:
        """The kind of tokens, as a setting states it."""
        if isinstance(self.splitter, subwords.Subwords):
            return f"subwords:{self.splitter.n_pieces}"
        return self.splitter.tokens

    @property
    def model(self) -> bytes | None:
        """The SentencePiece model, None without subwords."""
        return self.splitter.model if isinstance(self.splitter, subwords.Subwords) else None

    def split(self, text_: str, /) -> list[str]:
        """Return the tokens of a text, known or not."""
        return self.splitter.split(text_)

    def join(self, tokens: Iterable[str], /) -> str:
        """Return the text of tokens, in NFC unless the form is none."""
        return self.splitter.join(tokens)

    def encode(self, text_: str, features: str = "") -> list[int]:
        """Return the ids of the features of a source, then those of the tokens; UNKNOWN for unknown symbols."""
        return self.vocabulary.encode(text.source_tokens(text_, features, self.splitter))

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; a special id gives its name."""
        return self.splitter.join(self.vocabulary.decode(ids))

    def unknown(self, text_: str, features: str = "") -> list[str]:
        """Return the features and tokens that are not in the vocabulary, in order and with repetitions."""
        return self.vocabulary.unknown(text.source_tokens(text_, features, self.splitter))

    def files(self, side: Side) -> dict[str, bytes]:
        """Return the files that store the tokenizer, by name; the Unicode form is a setting and not in them."""
        vocabulary, pieces = file_names(side)
        files = {vocabulary: self.vocabulary.to_json()}
        if self.model is not None:
            files[pieces] = self.model
        return files

    @classmethod
    def load(cls, side: Side, read: Callable[[str], bytes], settings: Segmentation, *, folder: Path) -> Tokenizer:
        """Return the tokenizer of a side from its `files`.

        read: returns the content of a file by name; called for a SentencePiece model only if tokens are subwords.
        settings: where they are None, characters and NFC.   folder: for messages.
        ModelError: a file is damaged, or from `read`.   DependencyError: the library for subwords is not installed.
        """
        vocabulary, pieces = file_names(side)
        known = Vocabulary.from_json(read(vocabulary), path=folder / vocabulary)
        form = settings.unicode_form or text.UnicodeForm.NFC
        if subwords.size(settings.tokens) is None:
            return cls(text.TextFormat(text.Tokens(settings.tokens or text.Tokens.CHARACTERS), form), known)
        model = read(pieces)
        try:
            return cls(subwords.Subwords(model, form), known)
        except ModelError as error:
            raise ModelError(f"{folder / pieces}: {error}") from None
