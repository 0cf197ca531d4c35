"""manifest.json: where a model came from, and all that is needed to make it again."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import seqwright
from seqwright import kernels
from seqwright.config import Config
from seqwright.data import readers
from seqwright.errors import DataError, ModelError
from seqwright.training.loop import Loop
from seqwright.training.prepare import Prepared

__all__ = ["describe", "recall"]


def describe(
    prepared: Prepared, loop: Loop, pairs: readers.Paths, dev: readers.Paths | None, command: Sequence[str]
) -> dict[str, Any]:
    """Return what the manifest says of a training and of the model that is kept.

    pairs, dev: the files as the training was told.   command: the words of the command line; this process's, if empty.
    """
    at = loop.position
    scores = {"epoch": at.best_epoch, "dev_accuracy": at.best_exact, "dev_ter": at.best_ter}
    return {
        "seqwright": seqwright.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "kernels": kernels.description(),
        "command": list(command or sys.argv),
        "seed": prepared.config.training.seed,
        "data": prepared.hashes | prepared.dev_hashes,
        "n_pairs": len(prepared.examples),
        "dev": prepared.dev_origin,
        "scores": None if loop.best is None else scores,
        "again": {"pairs": _names(pairs), "dev": _names(dev), "config": prepared.config},
    }


def recall(path: str | Path) -> tuple[tuple[str, ...], tuple[str, ...] | None, Config]:
    """Return pairs, dev and configuration of the training that a manifest describes.

    ModelError: not a manifest of this version.   DataError: a file that is gone or no longer what it was.
    """
    try:
        found = msgspec.json.decode(Path(path).read_bytes(), type=_Manifest)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; give the manifest.json of a model directory") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: not the manifest of a training by this version ({error})") from None
    if "-" in [*found.again.pairs, *(found.again.dev or ())]:
        raise DataError(f"{path} was made from standard input, which cannot be read again")
    for name, digest in found.data.items():
        if readers.sha256(Path(name)) != digest:
            raise DataError(f"{name} is not the file that {path} was made from: its SHA-256 was {digest}")
    return found.again.pairs, found.again.dev, found.again.config


class _Again(msgspec.Struct):
    pairs: tuple[str, ...]
    dev: tuple[str, ...] | None
    config: Config


class _Manifest(msgspec.Struct):
    data: dict[str, str]
    again: _Again


def _names(paths: readers.Paths | None) -> list[str] | None:
    if paths is None:
        return None
    return [str(paths)] if isinstance(paths, str | Path | readers.Parallel) else [str(path) for path in paths]
