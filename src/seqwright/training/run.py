"""`train`: from a file of pairs to a model directory."""

from __future__ import annotations

import contextlib
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import seqwright
from seqwright import bundle, kernels
from seqwright.config import Config
from seqwright.errors import OutputError, UsageError
from seqwright.training.events import Event, Finished, Listener, Progressed, Started
from seqwright.training.loop import Loop
from seqwright.training.prepare import Prepared, prepare
from seqwright.translator import Translator

__all__ = ["train"]


def train(
    pairs: str | Path,
    *,
    output: str | Path,
    dev: str | Path | None = None,
    config: Config = Config(),  # noqa: B008 - frozen
    overwrite: bool = False,
    listen: Listener | None = None,
    command: Sequence[str] = (),
) -> Translator:
    """Train a model on a file of pairs, keep the best one in the directory `output`, and return it.

    pairs, dev: `source<TAB>target[<TAB>features]` a line; without dev, a tenth of the sources is held out.
    overwrite: replace a model that stands in `output`; it stays until the first new one is saved.
    listen: called with each event.   command: noted in the manifest.
    KeyboardInterrupt is raised again after the best model so far is saved and `Finished` was told.
    ConfigError, DataError, UsageError (output exists), OutputError (it cannot be written).
    """
    path = Path(output)
    _check_output(path, overwrite)
    prepared = prepare(pairs, dev, config)
    loop = Loop(prepared)
    journal = _Journal(path / "metrics.jsonl", listen)
    journal.tell(_started(prepared, loop))
    saved = None  # the parameters that the directory holds
    try:
        for event in loop.events():
            if loop.best is not saved:
                _save(path, prepared, loop, command)
                saved, journal.keeps = loop.best, True
            journal.tell(event)
    except KeyboardInterrupt:
        # It may have come while files were renamed: saving again makes the directory one model. A network that was
        # never measured is kept where there is none, and does not replace one that was.
        if loop.best is not saved or not (path / "config.json").exists():
            _save(path, prepared, loop, command)
            journal.keeps = True
        journal.tell(_finished(loop, "interrupted", path if journal.keeps else None))
        raise
    journal.tell(_finished(loop, loop.reason, path))
    return Translator(bundle.load(path))


class _Journal:
    """Tells each event to the listener; writes all but `Progressed` to metrics.jsonl once a model stands beside it.

    keeps: whether one does.
    """

    def __init__(self, path: Path, listen: Listener | None) -> None:
        self._path, self._listen = path, listen
        self._pending = b""
        self._mode = "wb"
        self.keeps = False

    def tell(self, event: Event) -> None:
        if not isinstance(event, Progressed):
            self._pending += msgspec.json.encode(event) + b"\n"
        if self.keeps and self._pending:
            with _writing(self._path), self._path.open(self._mode) as stream:
                stream.write(self._pending)
            self._pending, self._mode = b"", "ab"
        if self._listen is not None:
            self._listen(event)


def _check_output(path: Path, overwrite: bool) -> None:
    """Raise before the training what would otherwise be raised after its first minutes."""
    parent = next(p for p in [path, *path.absolute().parents] if p.exists())
    if not parent.is_dir():
        raise UsageError(f"{parent} is a file; --output names the model directory to write")
    if _holds_something(path) and not overwrite:
        raise UsageError(
            f"{path} exists already; choose another --output, or give --overwrite to replace the model in it"
        )
    with _writing(parent), tempfile.TemporaryFile(dir=parent):
        pass


def _holds_something(path: Path) -> bool:
    return path.is_dir() and any(not file.name.endswith(".partial") for file in path.iterdir())


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot write there: {error.strerror}; choose another --output") from None


def _started(prepared: Prepared, loop: Loop) -> Started:
    return Started(
        n_pairs=len(prepared.examples),
        n_dev=len(prepared.dev_sources),
        dev=prepared.dev_origin,
        n_source_symbols=len(prepared.source_vocabulary.symbols),
        n_target_symbols=len(prepared.target_vocabulary.symbols),
        n_parameters=loop.network.params.flat.size,
        kernels=kernels.description(),
        config=prepared.config,
    )


def _finished(loop: Loop, reason: Any, path: Path | None) -> Finished:
    accuracy = None if loop.best is None else loop.best_score[0]
    return Finished(reason, loop.best_epoch, accuracy, loop.elapsed_s(), None if path is None else str(path))


def _save(path: Path, prepared: Prepared, loop: Loop, command: Sequence[str]) -> None:
    bundle.save(
        path,
        bundle.Bundle(
            prepared.config,
            prepared.source_vocabulary,
            prepared.target_vocabulary,
            prepared.limits,
            loop.network.params.named,
            _manifest(prepared, loop, command),
        ),
    )


def _manifest(prepared: Prepared, loop: Loop, command: Sequence[str]) -> dict[str, Any]:
    exact, minus_ter = loop.best_score
    scores = {"epoch": loop.best_epoch, "dev_accuracy": exact, "dev_ter": -minus_ter}
    return {
        "seqwright": seqwright.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "kernels": kernels.description(),
        "command": list(command or sys.argv),
        "seed": prepared.config.training.seed,
        "data": prepared.hashes,
        "n_pairs": len(prepared.examples),
        "dev": prepared.dev_origin,
        "scores": None if loop.best is None else scores,  # of the model that is kept
    }
