"""Checks of the model directory to write, made before a training, whose first minutes would be lost otherwise."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from seqwright import file_set
from seqwright.errors import OutputError, UsageError
from seqwright.training import checkpoint

__all__ = ["DISTILLED", "check_output", "writing"]

DISTILLED = "distilled"  # folder of a model directory with a teacher's answers, which come before the training


def check_output(path: Path, *, overwrite: bool) -> None:
    """Return if the directory holds nothing, or an unfinished training to go on with, or may be overwritten.

    UsageError: a model is there, or a file.   OutputError: it cannot be written.
    """
    parent = next(p for p in [path, *path.absolute().parents] if p.exists())
    if not parent.is_dir():
        raise UsageError(f"{parent} is a file; --output names the model directory to write")
    if _holds_something(path) and not overwrite and not checkpoint.exists(path):
        raise UsageError(
            f"{path} exists already; choose another --output, or give --overwrite to replace the model in it"
        )
    with writing(parent), tempfile.TemporaryFile(dir=parent):
        pass


def _holds_something(path: Path) -> bool:
    """Return whether anything but the leavings of a training that ended before its first checkpoint stands there."""
    leavings = {"metrics.jsonl", "checkpoints", "tensorboard", DISTILLED}
    return path.is_dir() and any(file.name not in leavings and not file_set.negligible(file) for file in path.iterdir())


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise OutputError with what to do for an OSError in the block, which writes to `path`."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot write there: {error.strerror}; choose another --output") from None
