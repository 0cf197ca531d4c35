"""`train`: from a file of pairs to a model directory."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec
import numpy as np

import seqwright
from seqwright import bundle, kernels
from seqwright.config import Config
from seqwright.errors import OutputError, UsageError
from seqwright.training.events import Event, Finished, Listener, Measured, Progressed, Started
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
    with _open_metrics(path) as metrics_file:
        journal = _Journal(metrics_file, listen)
        manifest = _manifest(prepared, command)
        journal.tell(_started(prepared, loop))
        try:
            for event in loop.events():
                if isinstance(event, Measured) and event.best:
                    _save(path, prepared, loop, {**manifest, "scores": msgspec.to_builtins(event)})
                journal.tell(event)
        except KeyboardInterrupt:
            if loop.best is None:
                _save(path, prepared, loop, manifest)
            journal.tell(_finished(loop, "interrupted", path))
            raise
        journal.tell(_finished(loop, loop.reason, path))
    return Translator(bundle.load(path))


class _Journal:
    """Tells each event to the listener, and writes all but `Progressed` to metrics.jsonl."""

    def __init__(self, file: TextIO, listen: Listener | None) -> None:
        self._file, self._listen = file, listen

    def tell(self, event: Event) -> None:
        if not isinstance(event, Progressed):
            self._file.write(msgspec.json.encode(event).decode() + "\n")
            self._file.flush()
        if self._listen is not None:
            self._listen(event)


def _check_output(path: Path, overwrite: bool) -> None:
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file; --output names the model directory to write")
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise UsageError(
            f"{path} exists already; choose another --output, or give --overwrite to replace the model in it"
        )
    parent = next(p for p in [path, *path.absolute().parents] if p.exists())
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: no permission to write in {parent}; choose another --output")


def _open_metrics(path: Path) -> TextIO:
    try:
        path.mkdir(parents=True, exist_ok=True)
        return (path / "metrics.jsonl").open("w", encoding="utf-8")
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


def _finished(loop: Loop, reason: Any, path: Path) -> Finished:
    accuracy = None if loop.best is None else loop.best_score[0]
    return Finished(reason, loop.best_epoch, accuracy, loop.elapsed_s(), str(path))


def _save(path: Path, prepared: Prepared, loop: Loop, manifest: dict[str, Any]) -> None:
    bundle.save(
        path,
        bundle.Bundle(
            prepared.config,
            prepared.source_vocabulary,
            prepared.target_vocabulary,
            prepared.limits,
            loop.network.params.named,
            manifest,
        ),
    )


def _manifest(prepared: Prepared, command: Sequence[str]) -> dict[str, Any]:
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
    }
