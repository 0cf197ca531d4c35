"""Checks of the model directory to write, made before a training, whose first minutes would be lost otherwise."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from seqwright import file_set
from seqwright.errors import OutputError, UsageError
from seqwright.training import checkpoint

__all__ = ["CANDIDATES", "DISTILLED", "FIRST", "FOLDS", "MEMBERS", "TAUGHT", "check_output", "writing"]

CANDIDATES = "candidates"  # models of candidates, until the model is complete
FOLDS = "folds"  # models of a cross-validation, until the model is complete or (`training.keep_folds`) for good
TAUGHT = "folds-with-auxiliary-data"  # those with it
FIRST = "first"  # model without auxiliary data, until the model is complete
MEMBERS = "members"  # checkpoints of members that are trained at the same time, until the model is complete
DISTILLED = "distilled"  # folder of the answers of a teacher, which are written before the training


def check_output(path: Path, *, overwrite: bool) -> None:
    """Check that a model can be written to the directory.

    It must be empty, have an unfinished training, or be allowed to be overwritten.

    Parameters
    ----------
    path : Path
        The model directory.
    overwrite : bool
        Allow a model in it.

    Raises
    ------
    UsageError
        The directory has a model or other files, or `path` is a file.
    OutputError
        It cannot be written.
    """
    parent = next(p for p in [path, *path.absolute().parents] if p.exists())
    if not parent.is_dir():
        raise UsageError(f"{parent} is a file; --output names the model directory to write")
    if _has_files(path) and not overwrite and not checkpoint.exists(path):
        raise UsageError(
            f"{path} exists already; choose another --output, or give --overwrite to replace the model in it"
        )
    with writing(parent), tempfile.TemporaryFile(dir=parent):
        pass


def _has_files(path: Path) -> bool:
    """Return whether the directory has files other than those of a training that ended before its first model."""
    partial = {"metrics.jsonl", "checkpoints", "tensorboard", CANDIDATES, DISTILLED, FIRST, FOLDS, MEMBERS, TAUGHT}
    return path.is_dir() and any(file.name not in partial and not file_set.negligible(file) for file in path.iterdir())


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise OutputError with what to do for an OSError in the block, which writes to `path`."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot write there: {error.strerror}; choose another --output") from None
