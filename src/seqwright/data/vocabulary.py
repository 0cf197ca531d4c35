"""A side's symbols and their numbers, fixed once and stored with the model."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt

from seqwright import errors
from seqwright.data import text
from seqwright.types import Ids

__all__ = ["END", "NEVER_ANSWERED", "PAD", "SPECIAL", "START", "UNKNOWN", "VERSION", "Vocabulary", "features"]

PAD, UNKNOWN, START, END = range(4)
NEVER_ANSWERED = (PAD, UNKNOWN, START)
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")  # what they are called; nobody's symbols are reserved

VERSION = 1


class Vocabulary:
    """An immutable numbering of symbols: 0 to 3 are PAD, UNKNOWN, START, END, then the symbols in order.

    The special ids have no spelling: a user's symbol "<pad>" is a symbol like any other, with an id of its own.
    symbols: all different.   counts: how often each occurred in training, 0 where nobody counted.
    """

    __slots__ = ("_ids", "_names", "counts", "symbols")

    symbols: tuple[str, ...]
    counts: tuple[int, ...]

    def __init__(self, symbols: Iterable[str], counts: Iterable[int] | None = None) -> None:
        self.symbols = tuple(symbols)
        self.counts = (0,) * len(self.symbols) if counts is None else tuple(counts)
        self._names = SPECIAL + self.symbols
        self._ids = {symbol: i for i, symbol in enumerate(self.symbols, start=len(SPECIAL))}
        assert len(self._ids) == len(self.symbols), "a vocabulary's symbols must all be different"
        assert len(self.counts) == len(self.symbols), f"{len(self.counts)} counts for {len(self.symbols)} symbols"

    @classmethod
    def build(cls, sequences: Iterable[Sequence[str]], *, min_count: int = 1) -> Self:
        """Return the vocabulary of the tokens in the sequences, most frequent first, then by code point.

        min_count: rarer tokens are left to UNKNOWN.   DataError: a token that UTF-8 cannot store (a lone surrogate).
        """
        counted: Counter[str] = Counter()
        for sequence in sequences:
            counted.update(sequence)
        return cls.from_counts(counted, min_count=min_count)

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], *, min_count: int = 1) -> Self:
        """Return the vocabulary of symbols that somebody has counted; otherwise as `build`."""
        kept = sorted((-count, symbol) for symbol, count in counts.items() if count >= min_count)
        for _, symbol in kept:
            try:
                symbol.encode()
            except UnicodeEncodeError:
                raise errors.DataError(
                    f"the symbol {symbol!r} is half a character (a lone surrogate) and cannot be stored; "
                    f"read the text as UTF-8"
                ) from None
        return cls((symbol for _, symbol in kept), (-count for count, _ in kept))

    def __len__(self) -> int:
        """Return how many ids there are, the special ones included."""
        return len(self._names)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._ids

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.symbols == other.symbols and self.counts == other.counts

    def __hash__(self) -> int:
        return hash(self.symbols)

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self)}: {' '.join(map(repr, self.symbols[:8]))}{' …' * (len(self.symbols) > 8)}>"

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Return an id for each token, UNKNOWN for one that is not in the vocabulary; START and END are not added.

        A feature that is not in the vocabulary has the id of `text.UNKNOWN_FEATURE`, if the vocabulary has that.
        """
        ids = self._ids
        unknown_feature = ids.get(text.UNKNOWN_FEATURE)
        if unknown_feature is None:
            return [ids.get(token, UNKNOWN) for token in tokens]
        return [
            ids[token] if token in ids else unknown_feature if text.is_feature(token) else UNKNOWN for token in tokens
        ]

    def with_unknown_feature(self) -> Self:
        """Return the vocabulary with an id for features that it lacks, after the ids that it has."""
        if text.UNKNOWN_FEATURE in self._ids:
            return self
        return type(self)([*self.symbols, text.UNKNOWN_FEATURE], [*self.counts, 0])

    def extended(self, more: Self) -> Self:
        """Return the vocabulary with the symbols of another one that it lacks, after its own, with their counts."""
        new = {symbol: n for symbol, n in zip(more.symbols, more.counts, strict=True) if symbol not in self}
        return type(self)([*self.symbols, *new], [*self.counts, *new.values()])

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the symbol of each id; a special id gives its name."""
        return [self._names[i] for i in ids]

    def unknown(self, tokens: Iterable[str]) -> list[str]:
        """Return the tokens that this vocabulary lacks, in order and with repetitions."""
        return [token for token in tokens if token not in self._ids]

    def copy_map(self, target: Self) -> Ids:
        """Return for each id the id of the same symbol in the target vocabulary, -1 where it has none.   (V,).

        Of the special ids only END and UNKNOWN mean the same on both sides.
        """
        copy_map = np.full(len(self), -1, np.int32)
        copy_map[[END, UNKNOWN]] = END, UNKNOWN
        for i, symbol in enumerate(self.symbols, start=len(SPECIAL)):
            copy_map[i] = target._ids.get(symbol, -1)
        return copy_map

    def feature_mask(self) -> list[bool]:
        """Return for each id whether it is a feature (`text.is_feature`).   (V,)."""
        return [False] * len(SPECIAL) + [text.is_feature(symbol) for symbol in self.symbols]

    def singletons(self) -> Ids:
        """Return the ids of symbols seen exactly once in training, the ones most like a symbol never seen."""
        return np.array([i for i, n in enumerate(self.counts, start=len(SPECIAL)) if n == 1], dtype=np.int32)

    def to_json(self) -> bytes:
        """Return the vocabulary as a JSON document with one symbol and its count a line."""
        rows = [msgspec.json.encode(row) for row in zip(self.symbols, self.counts, strict=True)]
        special = msgspec.json.encode(SPECIAL)
        body = b",\n".join(rows)
        return b'{"version": %d,\n"special": %s,\n"symbols": [\n%s\n]}\n' % (VERSION, special, body)

    @classmethod
    def from_json(cls, data: bytes | str, *, path: object = "vocabulary") -> Self:
        """Return what `to_json` wrote.   path: what messages call the file.

        ModelError: not such a document, written by a newer version, or with a symbol twice.
        """
        try:
            version = msgspec.json.decode(data, type=Header).version
            if version > VERSION:
                raise errors.ModelError(
                    f"{path}: vocabulary of version {version}, this seqwright reads up to {VERSION}; upgrade seqwright"
                )
            document = msgspec.json.decode(data, type=Document)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
            raise errors.ModelError(f"{path}: not a vocabulary ({fault}); {RESTORE}") from None
        if document.version < 1 or document.special != SPECIAL:
            raise errors.ModelError(
                f"{path}: version {document.version} with special symbols {document.special}, "
                f"expected {VERSION} with {SPECIAL}; {RESTORE}"
            )
        counted = Counter(symbol for symbol, _ in document.symbols)
        if twice := [symbol for symbol, n in counted.items() if n > 1]:
            raise errors.ModelError(f"{path}: the symbol {twice[0]!r} occurs there twice; {RESTORE}")
        return cls((symbol for symbol, _ in document.symbols), (n for _, n in document.symbols))


def features(symbols: Vocabulary) -> npt.NDArray[np.bool_]:
    """Return for each id whether it is a feature, (V,)."""
    return np.array([False] * len(SPECIAL) + [text.is_feature(symbol) for symbol in symbols.symbols])


RESTORE = "restore the model from a copy or train it again"


class Header(msgspec.Struct):
    version: int


class Document(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    special: tuple[str, ...]
    symbols: list[tuple[str, int]]
