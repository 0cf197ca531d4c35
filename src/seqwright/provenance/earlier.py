"""Manifests of releases without a provenance record: what they say for certain, and what they leave open.

They hold the SHA-256 of every file by its name, and under "again" the paths and the configuration of the training. The
sentence under "dev" is for readers and is not used.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from seqwright import metrics
from seqwright.config import Config, upgraded
from seqwright.data import holdout, readers
from seqwright.errors import DataError
from seqwright.provenance.records import DevRecord, FileRecord, Provenance, Role

__all__ = ["check", "provenance"]

UNCERTAIN = "the manifest of an earlier version does not say"


class _Again(msgspec.Struct):
    pairs: tuple[str, ...]
    dev: tuple[str, ...] | None
    config: Config
    fine_tune: str | None = None


class _Manifest(msgspec.Struct):
    data: dict[str, str]
    again: _Again


def provenance(manifest: Mapping[str, Any]) -> Provenance:
    """Return which files had which role, and how dev pairs were chosen; the hashes of the dev pairs are empty.

    DataError: it cannot be known for every file.
    """
    try:
        found = msgspec.convert(upgraded(manifest, origin="manifest.json"), _Manifest)
    except msgspec.ValidationError:
        raise DataError(f"{UNCERTAIN} which files the model was trained on") from None
    training, data = found.again.config.training, found.data
    dev, lexicon = found.again.dev or (), [training.lexicon] if training.lexicon else []
    files = [
        *_files(found.again.pairs, "train", found),
        *_files(dev, "dev", found),
        *_files(lexicon, "lexicon", found),
    ]
    if missing := data.keys() - {file.name for file in files}:
        raise DataError(f"{UNCERTAIN} what {', '.join(sorted(missing))} was read for")
    is_held_out = found.again.dev is None
    record = DevRecord(
        origin="held out" if is_held_out else "files",
        share=training.dev_share if is_held_out else None,
        seed=training.dev_seed if is_held_out else None,
        at_most=holdout.AT_MOST if is_held_out else None,
        max_tokens=training.max_batch_tokens,
        limit=training.dev_limit,
        status="unknown" if found.again.fine_tune else "unseen",
        n_sources=0,
        n_pairs=0,
        sources_sha256="",
        pairs_sha256="",
    )
    return Provenance(files=files, dev=record)


def check(manifest: Mapping[str, Any], n_trained: int, measured: Sequence[readers.Pair]) -> None:
    """Raise DataError unless as many pairs and dev sources are found again as the training had."""
    n_sources = len(metrics.group_references(measured)[0])
    calibration = manifest.get("calibration")
    expected = calibration.get("n") if isinstance(calibration, Mapping) else n_sources
    if manifest.get("n_pairs") != n_trained or expected != n_sources:
        raise DataError("this version of seqwright finds another number of pairs in the files than the training did")


def _files(given: Sequence[str], role: Role, manifest: _Manifest) -> list[FileRecord]:
    return [record for path in given for record in _records(path, role, manifest)]


def _records(path: str, role: Role, manifest: _Manifest) -> list[FileRecord]:
    """Return the files that a path named: one, two parallel ones, or those of a pattern."""
    data, reader = manifest.data, manifest.again.config.text.reader
    names = [readers.display_name(path)]
    sides: list[dict[str, int | str]] = [{}]
    format_: str = reader
    if names[0] not in data and path.count(",") == 1:
        names, sides = list(map(readers.display_name, path.split(","))), [{"source": 1}, {"target": 1}]
        format_ = "parallel"
    elif names[0] not in data:
        names = sorted(name for name in data if fnmatch.fnmatchcase(name, path))
        sides = [{}] * len(names)
    if not names or not all(name in data for name in names):
        raise DataError(f"{UNCERTAIN} which files {readers.display_name(path)} were")
    paths = [path] if names == [readers.display_name(path)] else names
    return [
        FileRecord(
            role=role,
            kind="stream" if one == "-" else "file",
            path=one,
            format=format_,
            columns=side,
            size=None,
            sha256=data[name],
        )
        for one, name, side in zip(paths, names, sides, strict=True)
    ]
