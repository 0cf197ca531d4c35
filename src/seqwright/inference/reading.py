"""Sources as the encoder receives them: tokens, and the windows of ids into which long ones are split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seqwright.bundle import Bundle
from seqwright.data import text, vocabulary
from seqwright.data.tokenizer import Tokenizer

__all__ = ["Reader", "Reading", "Window", "split"]


class Window(NamedTuple):
    """The input of one run of the encoder: ids of features, of some of the source's tokens, and END."""

    ids: list[int]
    features: list[int]  # positions in Reading.features of the first ids
    positions: list[int]  # positions in Reading.tokens of the following ids


class Reading(NamedTuple):
    """A tokenized source.

    unknown: the features and tokens that are not in the vocabulary, in order.
    """

    features: list[str]
    tokens: list[str]
    unknown: list[str]
    windows: list[Window]

    def is_blank(self, known: vocabulary.Vocabulary) -> bool:
        """Return whether the source has no tokens but dropped ones and unknown spaces."""
        if len(self.windows) != 1:
            return False
        return not self.windows[0].positions or all(token.isspace() and token not in known for token in self.tokens)


class Reader(NamedTuple):
    """The source side of a model: how text becomes ids.

    drop_unknown_features: whether unknown features are left out. A model without an id for them would take UNKNOWN for
    a token of the source, which a model with a copy gate copies.
    """

    tokenizer: Tokenizer
    drop_unknown_features: bool

    @classmethod
    def of(cls, bundle: Bundle) -> Reader:
        """Return the reader of a model's sources."""
        model = bundle.config.model
        has_unknown = text.UNKNOWN_FEATURE in bundle.source.vocabulary
        return cls(bundle.source, not has_unknown and bool(model.copying or model.sum_features))

    def read(self, source: str, features: str, *, max_tokens: int, drop_unknown: bool = False) -> Reading:
        """Return a source in windows of at most max_tokens tokens.   drop_unknown: leave unknown symbols out."""
        names, tokens, known = self.features(features), self.tokenizer.split(source), self.tokenizer.vocabulary
        drop_names = self.drop_unknown_features or drop_unknown
        kept = [i for i, name in enumerate(names) if name in known or not drop_names]
        positions = [i for i, token in enumerate(tokens) if token in known or not drop_unknown]
        before = known.encode(names[i] for i in kept)
        windows = []
        for first, end in split([tokens[i] for i in positions], max_tokens):
            ids = known.encode(tokens[i] for i in positions[first:end])
            windows.append(Window([*before, *ids, vocabulary.END], kept, positions[first:end]))
        return Reading(names, tokens, known.unknown([*names, *tokens]), windows)

    def folded(self, source: str) -> str:
        """Return the source unchanged, in lower case or in upper case, whichever has the fewest unknown tokens."""
        unknown = self.tokenizer.unknown
        if not unknown(source):
            return source
        return min((source, source.lower(), source.upper()), key=lambda given: len(unknown(given)))

    def features(self, features: str) -> list[str]:
        """Return the symbol of each feature, without the spaces around its name if only that symbol is known."""
        found, unknown = [], self.tokenizer.vocabulary.unknown
        for name in features.split(";"):
            given, stripped = text.feature_symbols(name), text.feature_symbols(name.strip())
            found += given if unknown(given) == [] or unknown(stripped) else stripped
        return found


def split(tokens: Sequence[str], max_tokens: int) -> list[tuple[int, int]]:
    """Return the (first, end) of each window: after the last space of its second half, or else where it is full.

    No token is left out; a source without tokens is one empty window.
    """
    found, first = [], 0
    while len(tokens) - first > max_tokens:
        end = first + max_tokens
        spaces = [i for i in range(first + max_tokens // 2, end) if tokens[i].isspace()]
        end = spaces[-1] + 1 if spaces else end
        found.append((first, end))
        first = end
    return [*found, (first, len(tokens))]
