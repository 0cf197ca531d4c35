"""manifest.json: where a model came from, and all that is needed to make it again."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

import seqwright
from seqwright import bundle, kernels
from seqwright.config import Config
from seqwright.data import readers
from seqwright.errors import DataError, ModelError
from seqwright.training.loop import Loop
from seqwright.training.prepare import Prepared

__all__ = ["Origin", "Recalled", "describe", "recall"]


class Origin:
    """What a training was told: its files, the model directory it starts from, if any, and the words of the command.

    base_hash: SHA-256 of that model's weights, "" without one.   notes: entries of the manifest that it does not need.
    """

    def __init__(
        self,
        pairs: readers.Paths,
        dev: readers.Paths | None,
        fine_tune: str | Path | None,
        command: Sequence[str],
        notes: Mapping[str, Any],
    ) -> None:
        self.notes = dict(notes)
        self.pairs, self.dev, self.command = _names(pairs), _names(dev), list(command or sys.argv)
        self.fine_tune = None if fine_tune is None else str(fine_tune)
        self.base_hash = "" if fine_tune is None else readers.sha256(bundle.weights_file(Path(fine_tune)))


def describe(prepared: Prepared, loop: Loop, origin: Origin) -> dict[str, Any]:
    """Return what the manifest says of a training and of the model that is kept."""
    at = loop.position
    scores = {"epoch": at.best_epoch, "dev_accuracy": at.best_exact, "dev_ter": at.best_ter}
    return origin.notes | {
        "seqwright": seqwright.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "kernels": kernels.description(),
        "command": origin.command,
        "seed": prepared.config.training.seed,
        "data": prepared.hashes | prepared.dev_hashes | prepared.lexicon_hashes,
        "n_pairs": len(prepared.examples),
        "dev": prepared.dev_origin,
        "scores": None if loop.best is None else scores,
        "again": _Again(origin.pairs or (), origin.dev, prepared.config, origin.fine_tune, origin.base_hash),
    }


def recall(path: str | Path) -> Recalled:
    """Return what the training that a manifest describes was told.

    ModelError: not a manifest of this version.   DataError: a file that is gone or no longer what it was.
    """
    try:
        found = msgspec.json.decode(Path(path).read_bytes(), type=_Manifest)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; give the manifest.json of a model directory") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path}: not the manifest of a training by this version ({error})") from None
    if "-" in [*found.again.pairs, *(found.again.dev or ())]:
        raise DataError(f"{path} was made from standard input, which cannot be read again")
    for name, digest in found.data.items():
        if readers.sha256(Path(name)) != digest:
            raise DataError(f"{name} is not the file that {path} was made from: its SHA-256 was {digest}")
    again = found.again
    if again.fine_tune and readers.sha256(bundle.weights_file(Path(again.fine_tune))) != again.base_hash:
        raise DataError(f"{again.fine_tune} is not the model that {path} was fine-tuned from")
    return Recalled(again.pairs, again.dev, again.config, again.fine_tune)


class Recalled(NamedTuple):
    """The arguments of a training."""

    pairs: tuple[str, ...]
    dev: tuple[str, ...] | None
    config: Config
    fine_tune: str | None


class _Again(msgspec.Struct):
    pairs: tuple[str, ...]
    dev: tuple[str, ...] | None
    config: Config
    fine_tune: str | None = None
    base_hash: str = ""


class _Manifest(msgspec.Struct):
    data: dict[str, str]
    again: _Again


def _names(paths: readers.Paths | None) -> tuple[str, ...] | None:
    if paths is None:
        return None
    return (str(paths),) if isinstance(paths, str | Path | readers.Parallel) else tuple(map(str, paths))
