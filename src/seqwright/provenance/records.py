"""What manifest.json records of a model's data, as structures: no part of it is a sentence that has to be parsed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

from seqwright.data import readers

__all__ = ["DevRecord", "FileRecord", "Provenance", "RawPath", "Role", "located", "stored"]

Role = Literal["train", "dev", "lexicon", "distillation source", "unlabelled", "related"]


class RawPath(msgspec.Struct, frozen=True):
    """A file name that is not valid Unicode, as the bytes that the operating system knows."""

    data: bytes


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One file, or pairs from elsewhere, that a training has read.

    kind: a stream is standard input or another pipe.   path: as it was given; "" of pairs in memory.
    from_model: the same file relative to the model directory, with "/"; "" where there is no such path.
    format: the reader.   columns: number or key of source, target and features. Of two parallel files, which
    follow each other, the first has a source alone and the second a target alone.
    size: bytes; None where they were not counted.   sha256: of the bytes; of pairs in memory, of their texts.
    """

    role: Role
    kind: Literal["file", "stream", "memory"] = "file"
    path: str | RawPath
    from_model: str | RawPath = ""
    format: str
    columns: dict[str, int | str]
    size: int | None
    sha256: str

    @property
    def name(self) -> str:
        """What messages call it."""
        if self.kind == "memory":
            return "pairs in memory"
        return readers.display_name(self.location)

    @property
    def location(self) -> Path | str:
        """The path as it was given."""
        return located(self.path)


class DevRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How the dev pairs were chosen, and the hashes that tell whether they were found again.

    origin: "held out" of the training files, by `data.holdout` with share, seed, fold and at_most; or "files" of their
    own.   max_tokens: longer pairs are left out.   longest: outliers of more tokens are left out of the training pairs
    and of those held out; 0 for none.   limit: sources measured, evenly from all.
    n_seen: sources that are left out because they are training sources, too, of this training or of the model that it
    started from.   status: "seen" where all of them are, so that they had to be measured on, and "unknown" where the
    training pairs of the model that it started from could not be read; in both cases no figure is shown.
    n_sources, n_pairs: that were measured on.   sources_sha256, pairs_sha256: of their texts, see `measured`.
    """

    origin: Literal["held out", "files"]
    share: float | None = None
    seed: int | None = None
    fold: int = 0
    at_most: int | None = None
    max_tokens: int
    longest: int = 0
    limit: int
    n_seen: int = 0
    status: Literal["unseen", "seen", "unknown"] = "unseen"
    n_sources: int
    n_pairs: int
    sources_sha256: str
    pairs_sha256: str


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """All files of a training, in the order in which they were read, and its dev pairs.

    base: of the model that it started from; None without one, or where that one does not record it.
    """

    version: int = 1
    files: list[FileRecord]
    dev: DevRecord
    base: Provenance | None = None

    def of(self, *roles: Role) -> list[FileRecord]:
        """Return the files of some roles."""
        return [file for file in self.files if file.role in roles]


def stored(path: Path | str) -> str | RawPath:
    """Return a path as JSON can hold it."""
    text = str(path)
    return text if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text) else RawPath(os.fsencode(text))


def located(path: str | RawPath) -> str:
    """Return the path that `stored` was given."""
    return path if isinstance(path, str) else os.fsdecode(path.data)
