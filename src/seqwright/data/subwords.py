"""Subword tokens: pieces of words that a SentencePiece model finds in the training texts.

The model is a few hundred kilobytes that belong to the seqwright model and are stored with it. It is a unigram model
(Kudo 2018, "Subword Regularization") without fallback to bytes: what it has never seen stays visible as a piece of its
own, which the vocabulary does not know.
"""

import importlib
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

from seqwright import errors
from seqwright.data import sentencepiece_settings, text

__all__ = ["CHOICES", "PATTERN", "Subwords", "plain", "size", "train"]

PATTERN = r"^(characters|graphemes|words|subwords:[1-9][0-9]*)$"  # what tokens may be, as a setting writes it
CHOICES = ["characters", "graphemes", "words", "subwords:8000"]
SAMPLE = 8_000_000  # characters
SPACE = "\u2581"  # written for U+0020 in the pieces: the only character that a text does not get back as it was


class Subwords:
    """A `Splitter` by a SentencePiece model; any number of threads may use it.

    model: the bytes of the model.   unicode_form: applied before texts are cut.
    DependencyError: sentencepiece is not installed.   ModelError: not such a model.
    """

    __slots__ = ("_processor", "model", "unicode_form")

    model: bytes
    unicode_form: text.UnicodeForm

    def __init__(self, model: bytes, unicode_form: text.UnicodeForm) -> None:
        self.model, self.unicode_form = model, unicode_form
        try:
            self._processor = library().SentencePieceProcessor(model_proto=model)
        except (RuntimeError, TypeError):
            raise errors.ModelError(
                "not a SentencePiece model; restore the model from a copy or train it again"
            ) from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Subwords):
            return NotImplemented
        return self.model == other.model and self.unicode_form == other.unicode_form

    def __hash__(self) -> int:
        return hash((self.model, self.unicode_form))

    @property
    def n_pieces(self) -> int:
        """How many pieces there are, special ones included."""
        return cast(int, self._processor.get_piece_size())

    def scores(self) -> list[tuple[str, float]]:
        """Return each piece that texts are cut into, with its score: with them, the Viterbi algorithm finds the pieces.

        UsageError: of this model it would find others than `split`.
        """
        if found := sentencepiece_settings.peculiarities(self.model):
            raise errors.UsageError(
                f"its subwords are of {', '.join(found)}, which only SentencePiece itself applies; expected a unigram "
                "model without normalization, as seqwright trains. Use `seqwright serve` or `predict`"
            )
        p = self._processor
        special = (p.is_control, p.is_unknown, p.is_unused, p.is_byte)
        return [(p.id_to_piece(i), p.get_score(i)) for i in range(self.n_pieces) if not any(is_(i) for is_ in special)]

    def split(self, text_: str, /) -> list[str]:
        """Return the pieces of a text; a space is part of the piece that follows it."""
        return cast(list[str], self._processor.encode(text.normalized(text_, self.unicode_form), out_type=str))

    def join(self, tokens: Iterable[str], /) -> str:
        """Return the text of pieces, composed to NFC unless the form is none; `join(split(text))` is the text."""
        joined = "".join(tokens).replace(SPACE, " ").removeprefix(" ")  # SentencePiece adds one before the first word
        return text.composed(joined, self.unicode_form)


def size(choice: str | None) -> int | None:
    """Return the number of pieces of a setting such as "subwords:8000"; None: no subwords."""
    kind, _, number = (choice or "").partition(":")
    return int(number) if kind == "subwords" else None


def plain(choice: str | None) -> text.Tokens | None:
    """Return the tokens that a setting names; characters, of which pieces are made, where it names subwords."""
    if choice is None:
        return None
    return text.Tokens.CHARACTERS if size(choice) is not None else text.Tokens(choice)


def train(texts: Sequence[str], n_pieces: int, unicode_form: text.UnicodeForm) -> Subwords:
    """Return subwords for texts like these: the same ones for the same texts in the same order.

    Of many texts, a part evenly from all is enough, and bounds memory: 8 million characters take 0.2 GB.
    n_pieces: at most as many; small data has fewer.
    DataError: there is no text, or it has more characters than pieces.   DependencyError.
    """
    written = io.BytesIO()
    step = -(-sum(map(len, texts)) // SAMPLE) or 1
    normalized = (text.normalized(one, unicode_form) for one in texts[::step] if one)
    try:
        library().SentencePieceTrainer.train(
            sentence_iterator=normalized, model_writer=written, vocab_size=n_pieces, model_type="unigram",
            character_coverage=1.0, hard_vocab_limit=False, byte_fallback=False, normalization_rule_name="identity",
            remove_extra_whitespaces=False, max_sentence_length=1 << 20, shuffle_input_sentence=False, num_threads=1,
            minloglevel=2,
        )  # fmt: skip
    except RuntimeError as fault:
        if found := re.search(r"required_chars\. (\d+) vs (\d+)", str(fault)):
            raise errors.DataError(
                f"{n_pieces} subwords are too few for {found[2]} characters; "
                f"ask for more, such as subwords:{4 * int(found[2])}"
            ) from None
        if "sentences_.empty()" in str(fault):
            raise errors.DataError("there is no text to find subwords in; choose other tokens") from None
        raise errors.DataError(f"no subwords can be found ({' '.join(str(fault).split())})") from None
    return Subwords(written.getvalue(), unicode_form)


def library() -> Any:
    try:
        return importlib.import_module("sentencepiece")
    except ImportError:
        raise errors.DependencyError(
            "subwords need the library sentencepiece, which is missing from this install: pip install sentencepiece, "
            "or choose other tokens"
        ) from None
