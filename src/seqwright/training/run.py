"""`train`: from a file of pairs to a model directory."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from seqwright import bundle, kernels, provenance, report
from seqwright.config import Config
from seqwright.data import readers
from seqwright.errors import ModelError, OutputError, UsageError
from seqwright.inference import calibration
from seqwright.inference.translator import Translator
from seqwright.training import arguments, checkpoint, interrupt, manifest
from seqwright.training import fine_tune as tuning
from seqwright.training.callbacks import Audience, Callback, listener
from seqwright.training.events import (
    AlreadyTrained,
    Begun,
    Event,
    Excluded,
    Finished,
    Listener,
    Measured,
    Resumed,
    Started,
)
from seqwright.training.journal import Journal, writing
from seqwright.training.loop import Loop
from seqwright.training.measure import calibrated
from seqwright.training.members import Members
from seqwright.training.output import check_output
from seqwright.training.prepare import Prepared, prepare
from seqwright.training.selection import assess, note
from seqwright.training.tensorboard import TensorBoard
from seqwright.types import Array

__all__ = ["train"]

N_EXAMPLES = 20  # dev sources of `Started`


def train(
    pairs: readers.Pairs,
    *,
    output: str | Path,
    dev: readers.Pairs | None = None,
    config: Config = Config(),  # noqa: B008 - frozen
    overwrite: bool = False,
    fine_tune: str | Path | None = None,
    listen: Listener | None = None,
    callbacks: Sequence[Callback] = (),
    command: Sequence[str] = (),
    notes: Mapping[str, Any] | None = None,
    derived_from: Sequence[provenance.FileRecord] = (),
) -> Translator:
    """Train a model on one or several files of pairs, keep the best one in the directory `output`, and return it.

    pairs, dev: files of any shape that `data.readers` knows, or the pairs themselves: (source, target) or (source,
    target, features) tuples, or a frame of pandas or Polars with the columns source, target and, if it has them,
    features (`text.source_key` … name others; otherwise the first two columns count). Without dev, a tenth of the
    sources is held out, 2,000 at most.
    An interrupted training of the same data and configuration in `output` goes on where its last checkpoint was, and
    ends with the same bytes as if it had never stopped. One that has finished is not repeated: `listen` is called with
    `AlreadyTrained`, and the model that is there is returned.
    overwrite: replace a finished model, or an unfinished training of another kind, that stands in `output`. The old
    model, its metrics and its report stay until the first new model is saved; curves for TensorBoard do not.
    fine_tune: a model directory to start from: its network and weights, and its symbols with those of the new data.
    listen: called with each event.   callbacks: called at its main moments.
    command, notes, derived_from: for the manifest; the last are the files that the pairs were made from.
    KeyboardInterrupt, and what listen or a callback raises, is raised again after all is saved and `Finished` was told.
    ConfigError, DataError, UsageError (output exists), OutputError (it cannot be written).
    """
    arguments.check(output=output, config=config, listen=listen, callbacks=callbacks)
    path = Path(output)
    base = None
    if fine_tune is not None:
        if path.resolve() == Path(fine_tune).resolve():
            raise UsageError(f"{path} cannot be fine-tuned in its own place; choose another --output")
        base = bundle.load(Path(fine_tune))
        config = tuning.settings(config, base)
    file = checkpoint.File(path)
    resumed = _unfinished(file, overwrite)
    finished = None if overwrite or checkpoint.exists(path) else manifest.finished(path)
    check_output(path, overwrite=overwrite or finished is not None)
    base_directory = None if fine_tune is None else Path(fine_tune)
    prepared = prepare(pairs, dev, config, base=base, base_directory=base_directory)
    files = [*prepared.provenance.files, *derived_from]
    whole = msgspec.structs.replace(prepared.provenance, files=files)
    prepared = prepared._replace(provenance=provenance.moved(whole, path, base=base_directory))
    origin = manifest.Origin(fine_tune, command, notes or {})
    identity = manifest.identity(prepared.config, prepared.provenance, origin.base_hash)
    if resumed is not None and resumed.identity != identity:
        if not overwrite:
            checkpoint.refuse(path, resumed.identity, identity)
        resumed = None
    if finished is not None and finished != identity:
        checkpoint.refuse(path, finished, identity, finished=True)
    audience = _audience(path, config, listen, callbacks)
    if finished is not None:
        audience(AlreadyTrained(str(path)))
        return Translator(bundle.load(path))
    members = Members(prepared, base)
    run = _Run(
        path, prepared, members=members, file=file, identity=identity, listen=audience,
        describe=lambda loop: manifest.describe(prepared, loop, origin),
    )  # fmt: skip
    run.begin(resumed)
    with interrupt.deferred() as interrupted:
        try:
            for event in members.events():
                run.follow(event)
                if interrupted():
                    raise KeyboardInterrupt
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) or error is audience.failure:
                run.interrupt()
            raise
    return run.end()


def _audience(path: Path, config: Config, listen: Listener | None, callbacks: Sequence[Callback]) -> Audience:
    """Return all who hear the events; the curves first, which miss nothing then when another one is interrupted."""
    curves = [TensorBoard(path / "tensorboard")] if config.training.log == "tensorboard" else []
    return Audience([*curves, *([] if listen is None else [listen]), *map(listener, callbacks)])


def _unfinished(file: checkpoint.File, overwrite: bool) -> checkpoint.Checkpoint | None:
    """Return what an interrupted training left; damage counts as nothing where it would be overwritten."""
    try:
        return file.load()
    except ModelError:
        if overwrite:
            return None
        raise


class _Run:
    """What a training leaves in its directory, as its events come."""

    def __init__(
        self,
        path: Path,
        prepared: Prepared,
        *,
        members: Members,
        file: checkpoint.File,
        identity: dict[str, Any],
        listen: Listener,
        describe: Callable[[Loop], dict[str, Any]],
    ) -> None:
        self._path, self._prepared, self._members = path, prepared, members
        self._file, self._identity = file, identity
        self._describe = describe
        self._journal = Journal(path / "metrics.jsonl", listen)
        self._calibration: calibration.Calibration | None = None
        self._saved: Array | None = None  # the parameters that the directory holds
        self._checkpointed_at = time.monotonic()

    def begin(self, resumed: checkpoint.Checkpoint | None) -> None:
        """Tell what starts or, from a checkpoint, goes on."""
        if resumed is None:
            self._journal.tell(_started(self._prepared, self._members))
            return
        self._members.restore(resumed)
        self._journal.go_on(resumed.journal_bytes, resumed.journal)
        if self._better():
            self._save_model()  # the end may have come between the checkpoint and the model
        self._journal.tell(_started(self._prepared, self._members))
        position = resumed.position
        self._journal.tell(Resumed(position.pairs / len(self._prepared.examples), self._members.elapsed_s()))
        self._file.save(resumed)  # from here on it is this training's

    def follow(self, event: Event) -> None:
        """Save what the event brings: a checkpoint when it is time, a better model."""
        every_s = self._prepared.config.training.checkpoint_every_s
        due = isinstance(event, Measured | Begun) or time.monotonic() - self._checkpointed_at >= every_s
        if due:
            self._file.check()  # before another training's journal has a line of this one
        self._journal.tell(event)
        # First the checkpoint, which holds the best parameters too: a model without one would count as finished.
        if due:
            self._save_checkpoint()
        if self._better():
            self._save_model()

    def interrupt(self) -> None:
        """Save everything at a Ctrl-C."""
        self._save_checkpoint()
        # A network that was never measured is kept where there is none, and does not replace one that was.
        if self._better() or not bundle.exists(self._path):
            self._save_model()
        self._journal.tell(_finished(self._members, "interrupted", self._path))

    def end(self) -> Translator:
        """Leave the finished model and its report; return the model."""
        self._file.check()
        at = self._members.loop.position
        if self._members.done:
            note(assess(bundle.load(self._path).build(), self._prepared), at)
            self._save_model()
        if self._prepared.provenance.dev.status != "seen":
            self._calibration = calibrated(Translator(bundle.load(self._path)), self._prepared)
        self._save_model()
        self._file.remove()
        model = Translator(bundle.load(self._path))
        page = None
        if self._prepared.config.training.report:
            is_unseen = self._prepared.provenance.dev.status == "unseen"
            unseen = self._prepared.dev_pairs if is_unseen else None
            with contextlib.suppress(OutputError):  # a full disk takes the report, not the model
                page = str(report.write(self._path, model=model, dev=unseen))
        finished = _finished(self._members, at.reason, self._path)
        self._journal.tell(msgspec.structs.replace(finished, report=page))
        return model

    def _better(self) -> bool:
        """Return whether there are better parameters than those in the directory."""
        best = self._members.loop.best
        return best is not None and best is not self._saved

    def _save_model(self) -> None:
        prepared, loop = self._prepared, self._members.loop
        bundle.save(
            self._path,
            bundle.Bundle(
                prepared.config,
                prepared.source_vocabulary,
                prepared.target_vocabulary,
                prepared.limits,
                self._members.weights(),
                self._describe(loop) | ({"calibration": self._calibration} if self._calibration else {}),
                prepared.source_subwords,
                prepared.target_subwords,
                lexicon=prepared.lexicon,
            ),
        )
        if self._saved is None:
            with writing(self._path):
                (self._path / "report.html").unlink(missing_ok=True)  # of the model that was there before
        self._journal.begin_writing()
        self._saved = loop.best

    def _save_checkpoint(self) -> None:
        moment = self._members.checkpoint(self._identity)
        told = {"journal_bytes": self._journal.size, "journal": self._journal.pending}
        self._file.save(msgspec.structs.replace(moment, **told))
        self._checkpointed_at = time.monotonic()


def _started(prepared: Prepared, members: Members) -> Started:
    first = members.done[0] if members.done else members.loop.network.params
    return Started(
        n_pairs=len(prepared.examples),
        n_dev=len(prepared.dev_sources),
        dev_examples=prepared.dev_texts[:N_EXAMPLES],
        dev=prepared.dev_origin,
        n_source_symbols=len(prepared.source_vocabulary.symbols),
        n_target_symbols=len(prepared.target_vocabulary.symbols),
        n_parameters=first.flat.size,
        kernels=kernels.description(),
        config=prepared.config,
        excluded=[Excluded(*pair) for pair in prepared.excluded],
        n_seen=prepared.provenance.dev.n_seen,
        dev_status=prepared.provenance.dev.status,
        reading=prepared.reading,
    )


def _finished(members: Members, reason: Any, path: Path | None) -> Finished:
    at = members.loop.position
    accuracy = None if members.loop.best is None else at.best_exact
    return Finished(
        reason, at.best_epoch, accuracy, members.elapsed_s(), None if path is None else str(path),
        dev_loss=at.best_loss, dev_bleu=at.best_bleu, dev_chrf=at.best_chrf,
    )  # fmt: skip
