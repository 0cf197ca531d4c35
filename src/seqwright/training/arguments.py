"""Checks of the arguments of `train` other than files."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from seqwright.config import Config
from seqwright.data import readers
from seqwright.errors import UsageError
from seqwright.training.callbacks import Callback

__all__ = ["check", "check_files", "is_stream", "reread"]

METHODS = [name for name in vars(Callback) if name.startswith("on_")]


def check(*, output: Any, config: Any, listen: Any, callbacks: Any) -> None:
    """Raise UsageError for an argument of the wrong type."""
    if not isinstance(output, str | Path):
        raise UsageError(f"output is {reprlib.repr(output)}: expected the path of a directory")
    if not isinstance(config, Config):
        raise UsageError(
            f"config is {reprlib.repr(config)}: expected a Config, such as seqwright.config.parse({{}}, "
            f'["training.epochs=20"])'
        )
    if listen is not None and not callable(listen):
        raise UsageError(f"listen is {reprlib.repr(listen)}: expected a function of one event")
    if isinstance(callbacks, str | Callback | type) or not isinstance(callbacks, Iterable):
        raise UsageError(f"callbacks is {reprlib.repr(callbacks)}: expected a list of Callback objects")
    for callback in callbacks:
        _check_callback(callback)


def is_stream(pairs: readers.Pairs) -> bool:
    """Return whether pairs can be read only once, and are not in memory: standard input or another pipe."""
    return any(one.is_stream and not one.in_memory for one in readers.inputs(pairs))


def reread(pairs: readers.Pairs, what: str = "the pairs") -> readers.Pairs:
    """Return pairs that can be read several times.   UsageError: they are standard input or another pipe."""
    if isinstance(pairs, Iterator):
        return list(pairs)
    if is_stream(pairs):
        raise UsageError(f"this training reads {what} several times; give a file in place of standard input or a pipe")
    return pairs


def check_files(config: Config, *, is_repeated: bool) -> None:
    """Raise UsageError if a file that the configuration names is a pipe, but read several times."""
    training = config.training
    for name, is_reread in (
        ("unlabelled", True),
        ("also", bool(training.cross_validation)),
        ("lexicon", is_repeated),
    ):
        if is_reread and (path := getattr(training, name)):
            reread(path, f"training.{name}")


def _check_callback(callback: Any) -> None:
    missing = [name for name in METHODS if not callable(getattr(callback, name, None))]
    if missing or isinstance(callback, type):
        raise UsageError(f"callbacks holds {reprlib.repr(callback)}: expected an object of a subclass of Callback")
    for name in dir(callback):
        if name.startswith("on_") and name not in METHODS:
            near = difflib.get_close_matches(name, METHODS, n=1, cutoff=0.8)
            if near:
                raise UsageError(f"{type(callback).__name__}.{name} is never called; did you mean {near[0]!r}?")
