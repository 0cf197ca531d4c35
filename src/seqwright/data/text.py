"""Cut one side's text into tokens and put tokens together again; find from the data how.

A `TextFormat` is stored in the model and applied when it answers, so that a text is cut in use as it was in training.
Numbers for tokens are `vocabulary`'s.
"""

import importlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Literal, Protocol, cast

import msgspec

from seqwright import errors

__all__ = [
    "UNKNOWN_FEATURE",
    "Splitter",
    "TextFormat",
    "Tokens",
    "UnicodeForm",
    "composed",
    "detect",
    "feature_symbols",
    "is_feature",
    "normalized",
    "source_tokens",
]


class Splitter(Protocol):
    """Cuts the texts of one side into tokens and joins them again: a `TextFormat`, or `subwords`."""

    @property
    def unicode_form(self) -> "UnicodeForm": ...
    def split(self, text: str, /) -> list[str]: ...
    def join(self, tokens: Iterable[str], /) -> str: ...


class Tokens(StrEnum):
    """What one token is."""

    CHARACTERS = "characters"  # code points, after normalisation
    GRAPHEMES = "graphemes"  # what a reader calls a character: UAX #29 extended clusters
    WORDS = "words"  # sequences between spaces


class UnicodeForm(StrEnum):
    """How equal-looking texts are made equal before they are cut (UAX #15)."""

    NFC = "NFC"
    NFD = "NFD"
    NFKC = "NFKC"
    NFKD = "NFKD"
    NONE = "none"


class TextFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one side is cut into tokens and joined again."""

    tokens: Tokens = Tokens.CHARACTERS
    unicode_form: UnicodeForm = UnicodeForm.NFC

    def split(self, text: str) -> list[str]:
        """Return the tokens of a text.

        Words are cut at U+0020 alone, and runs of it count as one. Any text is allowed; an empty one has no tokens.
        DependencyError: graphemes without the library that knows them.
        """
        text = normalized(text, self.unicode_form)
        if self.tokens is Tokens.WORDS:
            return [word for word in text.split(" ") if word]
        if self.tokens is Tokens.GRAPHEMES:
            return graphemes(text)
        return list(text)

    def join(self, tokens: Iterable[str]) -> str:
        """Return the text of tokens, composed to NFC unless the form is none.

        With characters and graphemes, `join(split(text))` is the text in its form, composed.
        """
        return composed((" " if self.tokens is Tokens.WORDS else "").join(tokens), self.unicode_form)


def composed(text: str, form: UnicodeForm) -> str:
    """Return the text in NFC unless the form is none."""
    return text if form is UnicodeForm.NONE else unicodedata.normalize("NFC", text)


def normalized(text: str, form: UnicodeForm) -> str:
    """Return the text in a form."""
    if text.isascii() or form is UnicodeForm.NONE:  # ASCII is the same in every form
        return text
    return unicodedata.normalize(cast('Literal["NFC", "NFD", "NFKC", "NFKD"]', form.value), text)


def graphemes(text: str) -> list[str]:
    try:
        regex: Any = importlib.import_module("regex")
    except ImportError:
        raise errors.DependencyError(
            "tokens = graphemes needs the library regex: pip install 'seqwright[text]', or choose tokens = characters"
        ) from None
    return cast(list[str], regex.findall(r"\X", text))


FEATURE = "feature "
UNKNOWN_FEATURE = FEATURE  # a feature without a name, which no features column yields


def feature_symbols(features: str) -> list[str]:
    """Return a symbol for each feature of a features column, which separates them by ";"; empty ones are skipped.

    "V;PST" becomes ["feature V", "feature PST"]. No text yields such a symbol, whatever its tokens: a character is one
    code point, a word has no space, a grapheme cluster does not join a letter and a space.
    """
    if not features:
        return []
    named = unicodedata.normalize("NFC", features).split(";")
    return [f"{FEATURE}{name}" for name in named if name]


def is_feature(symbol: str) -> bool:
    """Return whether a symbol is one of `feature_symbols`."""
    return symbol.startswith(FEATURE)


def source_tokens(source: str, features: str, format_: Splitter) -> list[str]:
    """Return what the encoder reads: the features first, then the source's own tokens."""
    return feature_symbols(features) + format_.split(source)


def detect(
    texts: Sequence[str], *, tokens: Tokens | None = None, unicode_form: UnicodeForm | None = None
) -> TextFormat:
    """Return the format that suits the texts of one side; what is given is kept, the rest is found.

    Tokens are WORDS where spaces separate symbols instead of words of a language, else CHARACTERS. That is, all of:
      1. at least half of the texts that are not empty have a space;
      2. there are at most four times as many distinct words as distinct characters (an alphabet's symbols are few;
         words and numbers are not);
      3. words have two letters or fewer on average (ʔ, d͡z, AH0), or each occurs fifty times on average (NOUN, VERB).
    A word's letters are counted decomposed and without marks, modifiers and digits, so that d͡z is two and 안 is three;
    a word without letters counts whole. One to five texts are enough for 3 to tell phonemes from sentences.

    The form is NFD where the texts hold Hangul in characters and NFD would take apart little else (jamo are 40 symbols,
    syllables thousands), or where the texts are in NFD and not in NFC; otherwise NFC.
    """
    words = Counter(word for text in texts for word in text.split(" ") if word)
    if tokens is None:
        tokens = Tokens.WORDS if spaces_separate_symbols(texts, words) else Tokens.CHARACTERS
    if unicode_form is None:
        unicode_form = suitable_form(words, tokens)
    return TextFormat(tokens, unicode_form)


def spaces_separate_symbols(texts: Sequence[str], words: Counter[str]) -> bool:
    n_texts = sum(1 for text in texts if text.strip(" "))
    n_spaced = sum(1 for text in texts if " " in text.strip(" "))
    if n_spaced == 0 or 2 * n_spaced < n_texts:
        return False
    n_characters = len(set().union(*words))
    if len(words) > 4 * n_characters:
        return False
    n_words = words.total()
    n_letters = sum(count * letters(word) for word, count in words.items())
    return n_letters <= 2 * n_words or n_words >= 50 * len(words)


def letters(word: str) -> int:
    decomposed = unicodedata.normalize("NFD", word)
    n = sum(1 for c in decomposed if (category := unicodedata.category(c))[0] == "L" and category != "Lm")
    return n or len(word)


def suitable_form(words: Counter[str], tokens: Tokens) -> UnicodeForm:
    characters: Counter[str] = Counter()
    for word, count in words.items():
        for c in word:
            characters[c] += count
    if tokens is Tokens.CHARACTERS:
        n_hangul = sum(count for c, count in characters.items() if "가" <= c <= "힣")
        n_taken_apart = sum(n for c, n in characters.items() if not unicodedata.is_normalized("NFD", c))
        if n_hangul > 0 and 2 * n_hangul >= n_taken_apart:
            return UnicodeForm.NFD
    in_nfc = all(unicodedata.is_normalized("NFC", word) for word in words)
    in_nfd = all(unicodedata.is_normalized("NFD", word) for word in words)
    return UnicodeForm.NFD if in_nfd and not in_nfc else UnicodeForm.NFC
