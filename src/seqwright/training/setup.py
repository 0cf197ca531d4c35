"""The preparation of a training: what it reads, checks and finds in its directory before the network is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from seqwright import bundle, provenance
from seqwright.config import Config
from seqwright.data import readers
from seqwright.errors import ModelError, UsageError
from seqwright.training import checkpoint, fine_tune, manifest
from seqwright.training.output import check_output
from seqwright.training.prepare import Prepared, prepare

__all__ = ["Setup", "set_up"]


class Setup(NamedTuple):
    """A training before its first step.

    path: the model directory.   base: the model to fine-tune.   origin, identity: see `training.manifest`.
    file: the checkpoint file of the directory.   checkpoint: the state to continue from, None for a new training.
    is_finished: the directory holds the model of this very training.
    """

    path: Path
    prepared: Prepared
    base: bundle.Bundle | None
    origin: manifest.Origin
    identity: dict[str, Any]
    file: checkpoint.File
    checkpoint: checkpoint.Checkpoint | None
    is_finished: bool


def set_up(
    pairs: readers.Pairs,
    dev: readers.Pairs | None,
    config: Config,
    *,
    path: Path,
    origin: manifest.Origin,
    overwrite: bool = False,
    derived_from: Sequence[provenance.FileRecord] = (),
) -> Setup:
    """Read the data, and decide whether the training is new, continued or already finished.   Writes nothing.

    Arguments and exceptions are those of `train`.
    """
    base, base_directory = None, None
    if origin.fine_tune is not None:
        base_directory = Path(origin.fine_tune)
        if path.resolve() == base_directory.resolve():
            raise UsageError(f"{path} cannot be fine-tuned in its own directory; choose another --output")
        base = bundle.load(base_directory)
        config = fine_tune.settings(config, base)
    file = checkpoint.File(path)
    unfinished = _unfinished(file, overwrite=overwrite)
    finished = None if overwrite or checkpoint.exists(path) else manifest.finished(path)
    check_output(path, overwrite=overwrite or finished is not None)  # before the data is read, which may take minutes

    prepared = prepare(pairs, dev, config, base=base, base_directory=base_directory)
    record = prepared.provenance
    record = msgspec.structs.replace(record, files=[*record.files, *derived_from])
    prepared = dataclasses.replace(prepared, provenance=provenance.moved(record, path, base=base_directory))
    identity = manifest.identity(prepared.config, prepared.provenance, origin.base_hash)
    if unfinished is not None and unfinished.identity != identity:
        if not overwrite:
            checkpoint.refuse(path, unfinished.identity, identity)
        unfinished = None
    if finished is not None and finished != identity:
        checkpoint.refuse(path, finished, identity, finished=True)
    return Setup(path, prepared, base, origin, identity, file, unfinished, finished is not None)


def _unfinished(file: checkpoint.File, *, overwrite: bool) -> checkpoint.Checkpoint | None:
    """Return the checkpoint of an interrupted training; a damaged one counts as none if it may be overwritten."""
    try:
        return file.load()
    except ModelError:
        if overwrite:
            return None
        raise
