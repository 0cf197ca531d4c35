"""How one source is read: its tokens, and the windows that the encoder sees of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seqwright.data import text, vocabulary

__all__ = ["Reading", "Window", "feature_symbols", "folded", "read"]


class Window(NamedTuple):
    """What the encoder reads at a time: features, then some of the source's tokens, then END."""

    ids: list[int]
    features: list[int]  # which of the source's features the first ids are
    places: list[int]  # where the following tokens stand in the source


class Reading(NamedTuple):
    """A source as tokens.

    unknown: the symbols that the model has never seen, features among them, in order.
    """

    features: list[str]
    tokens: list[str]
    unknown: list[str]
    windows: list[Window]


def read(
    source: str,
    features: str,
    format_: text.Splitter,
    known: vocabulary.Vocabulary,
    *,
    max_tokens: int,
    drop_unknown: bool = False,
    drop_unknown_features: bool = False,
) -> Reading:
    """Return how a source is read, in windows of at most max_tokens of its tokens."""
    names, tokens = feature_symbols(features, known), format_.split(source)
    drop_unknown_features = drop_unknown_features or drop_unknown
    kept = [i for i, name in enumerate(names) if name in known or not drop_unknown_features]
    places = [i for i, token in enumerate(tokens) if token in known or not drop_unknown]
    before = known.encode(names[i] for i in kept)
    windows = []
    for first, end in cuts([tokens[place] for place in places], max_tokens):
        ids = [*before, *known.encode(tokens[place] for place in places[first:end]), vocabulary.END]
        windows.append(Window(ids, kept, places[first:end]))
    return Reading(names, tokens, known.unknown([*names, *tokens]), windows)


def folded(source: str, format_: text.Splitter, known: vocabulary.Vocabulary) -> str:
    """Return the source as it is, in lower or in upper case, whichever has the fewest unknown tokens."""
    if not known.unknown(format_.split(source)):
        return source
    return min((source, source.lower(), source.upper()), key=lambda text: len(known.unknown(format_.split(text))))


def feature_symbols(features: str, known: vocabulary.Vocabulary) -> list[str]:
    """Return a symbol for each feature; one that is known only without the spaces around its name is that one."""
    found = []
    for name in features.split(";"):
        given, stripped = text.feature_symbols(name), text.feature_symbols(name.strip())
        found += given if known.unknown(given) == [] or known.unknown(stripped) else stripped
    return found


def cuts(tokens: Sequence[str], most: int) -> list[tuple[int, int]]:
    """Return where to cut, as (first, end): behind the last space of a window's second half, or else where it is full.

    No token is left out; a source of no tokens is one empty window.
    """
    found, first = [], 0
    while len(tokens) - first > most:
        end = first + most
        spaces = [i for i in range(first + most // 2, end) if tokens[i].isspace()]
        end = spaces[-1] + 1 if spaces else end
        found.append((first, end))
        first = end
    return [*found, (first, len(tokens))]
