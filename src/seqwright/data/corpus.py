"""Encoded training pairs with all that was found on the way, and the files that hold them in a `cache`.

found.json          everything small: kinds of tokens, pairs held out, excluded pairs, limits
source.vocab.json   target.vocab.json   and others of `tokenizer`
source.npy          target.npy          ids, end to end
source_starts.npy   target_starts.npy
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from seqwright.data import batches, readers
from seqwright.data.limits import Limits
from seqwright.data.tokenizer import Segmentation, Tokenizer

__all__ = ["Corpus", "Excluded", "Found", "Reading", "Whole", "described", "load", "save"]

Whole = npt.NDArray[np.signedinteger[Any]]  # of any width


class Excluded(NamedTuple):
    """A pair too long to train on."""

    name: str  # of its file
    line: int
    n_tokens: int  # of both sides, with their START and END symbols
    most: int  # of a pair that is kept


class Reading(msgspec.Struct, frozen=True):
    """How one of the inputs was read."""

    schema: readers.Schema
    count: readers.Count


def described(readings: Sequence[Reading]) -> list[str]:
    """Return at most three lines that say how the inputs are read, as the first one is, but for what was skipped.

    Warnings of what may have been meant otherwise follow.
    """
    count = readers.Count()
    for reading in readings:
        count.add(reading.count)
    return [*readers.describe(readings[0].schema, count), *readers.warnings(count)]


class Corpus(NamedTuple):
    """Encoded training pairs and all that was found on the way.

    dev: the pairs held out.   sentences: the pairs are sentences and their translations.
    longest: most tokens of a pair that is no outlier.   hashes: SHA-256 of each file, by name.
    """

    examples: batches.Examples
    source: Tokenizer
    target: Tokenizer
    dev: list[readers.Pair]
    excluded: list[Excluded]
    longest: int
    has_features: bool
    limits: Limits
    sentences: bool
    hashes: dict[str, str]
    readings: list[Reading]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus without its arrays and tokenizers."""

    source: Segmentation
    target: Segmentation
    dev: list[readers.Pair]
    excluded: list[tuple[int, int, int, int]]  # number of the input, line, tokens, most tokens of a pair that is kept
    longest: int
    has_features: bool
    limits: Limits
    readings: list[Reading]
    sentences: bool = False

    def corpus(
        self,
        examples: batches.Examples,
        source: Tokenizer,
        target: Tokenizer,
        names: Sequence[str],
        hashes: dict[str, str],
    ) -> Corpus:
        return Corpus(
            examples, source, target, self.dev,
            [Excluded(names[number], *others) for number, *others in self.excluded], self.longest,
            self.has_features, self.limits, self.sentences, hashes, self.readings,
        )  # fmt: skip


def save(
    folder: Path, found: Found, source: Tokenizer, target: Tokenizer, arrays: Mapping[str, Iterable[Whole]]
) -> None:
    """Write an entry's files.   arrays: of `batches.Examples`, in pieces.   OSError."""
    (folder / "found.json").write_bytes(msgspec.json.encode(found))
    for name, data in (source.files("source") | target.files("target")).items():
        (folder / name).write_bytes(data)
    for name, pieces in arrays.items():
        write_array(folder / f"{name}.npy", pieces)


def write_array(path: Path, pieces: Iterable[Whole]) -> None:
    """Write a one-dimensional array, of which only a piece at a time is in memory, as np.save does."""
    with path.open("wb") as stream:
        n, dtype = 0, None
        length = write_header(stream, np.dtype(np.int64), 0)
        for piece in pieces:
            stream.write(piece.data)
            n, dtype = n + len(piece), piece.dtype
        assert dtype is not None, f"{path.name} has no piece"
        stream.seek(0)
        assert write_header(stream, dtype, n) == length, "the header has overwritten numbers"


def write_header(stream: BinaryIO, dtype: np.dtype[Any], n: int) -> int:
    # NumPy leaves room for the number to grow, so that headers of all lengths have one size.
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (n,)}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.tell()


def load(entry: Path, names: Sequence[str], hashes: dict[str, str]) -> Corpus:
    """Return the corpus of an entry.   names: of the inputs, which may be called otherwise than when it was made."""
    found = msgspec.json.decode((entry / "found.json").read_bytes(), type=Found)

    def read(name: str) -> bytes:
        return (entry / name).read_bytes()

    source = Tokenizer.load("source", read, found.source, folder=entry)
    target = Tokenizer.load("target", read, found.target, folder=entry)
    names_of_arrays = ("source", "source_starts", "target", "target_starts")
    arrays = {name: np.load(entry / f"{name}.npy", mmap_mode="r") for name in names_of_arrays}
    return found.corpus(batches.Examples(**arrays), source, target, names, hashes)
