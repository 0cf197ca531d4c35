"""`train`: from files of pairs to a model directory.

A training is one direction: `train` prepares it, `run` sends each event of its networks to subscribers in a stated
order, and at the end `_finish` evaluates, calibrates and returns the final model.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from seqwright import bundle, engines, provenance, report
from seqwright.config import Config
from seqwright.data import readers
from seqwright.errors import OutputError
from seqwright.inference.translator import Translator
from seqwright.training import arguments, cross_validation, interrupt, manifest, members, self_training
from seqwright.training.callbacks import Callback, Listeners, listener
from seqwright.training.checkpointer import Checkpointer
from seqwright.training.ensemble import Ensemble
from seqwright.training.events import (
    AlreadyTrained,
    Event,
    Excluded,
    Finished,
    Listener,
    Preliminary,
    Progressed,
    Resumed,
    Started,
)
from seqwright.training.execution import Executor, in_process
from seqwright.training.instruments import Instruments
from seqwright.training.journal import Journal
from seqwright.training.measure import calibrated
from seqwright.training.model_writer import ModelWriter, assemble
from seqwright.training.output import FIRST, FOLDS
from seqwright.training.selection import record
from seqwright.training.setup import Setup, set_up
from seqwright.training.tensorboard import TensorBoard

__all__ = ["run", "train"]

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
    execute: Executor | None = None,
) -> Translator:
    """Train a model on pairs of source and target, and keep the best one in a model directory.

    An interrupted training is continued from its last checkpoint by the same call, and ends with the same bytes as one
    that was not interrupted. A finished training is not repeated: `listen` is called with `AlreadyTrained`, and the
    existing model is returned.

    Parameters
    ----------
    pairs : path, several paths, Parallel, iterable of tuples, or data frame
        Files in any format that `data.readers` reads; or tuples (source, target) or (source, target, features); or a
        frame of pandas or Polars with the columns source, target and optionally features. The configuration may give
        other names (`text.source_key` …); without such columns, the first two are used.
    output : path
        The model directory to write.
    dev : as `pairs`, optional
        Pairs for evaluation. Without them, a tenth of the sources is held out, at most 2,000.
    config : Config
        The configuration, see `seqwright.config.parse`.
    overwrite : bool, default False
        Replace a finished model or an unfinished training of other data or configuration in `output`. The previous
        model, its metrics and its report are kept until the first new model is saved; TensorBoard curves are not.
    fine_tune : path, optional
        A model directory to start from, with its network, weights and vocabularies, which new symbols extend.
    listen : callable, optional
        Called with each event, see `seqwright.training.events`.
    callbacks : sequence of Callback
        Called at the main events.
    command : sequence of str
        The command line, for the manifest.
    notes : mapping, optional
        Further entries of the manifest.
    derived_from : sequence of FileRecord
        The files from which `pairs` were made, for the manifest.
    execute : Executor, optional
        Trains the members of an ensemble at the same time, such as `seqwright.ray.Cluster`.

    Returns
    -------
    Translator
        The trained model, loaded from `output`.

    Raises
    ------
    ConfigError
        A setting is invalid for these data.
    DataError
        A file cannot be read as pairs, or has too few of them.
    UsageError
        An argument has the wrong type, or `output` has another model or training.
    OutputError
        `output` cannot be written, or another training has taken it over.
    KeyboardInterrupt
        After Ctrl-C, when everything is saved and `Finished` is sent. Exceptions of `listen` and of callbacks are
        raised in the same way.
    """
    arguments.check(output=output, config=config, listen=listen, callbacks=callbacks)
    device, precision = config.training.device, config.training.precision
    engines.check(device, precision)
    if engines.follows(device, precision):
        return Translator(bundle.load(Path(output)))
    is_cross_validated = bool(config.training.cross_validation)
    is_repeated = is_cross_validated or bool(config.training.unlabelled or config.training.also)
    if is_repeated:
        pairs, dev = arguments.reread(pairs), None if dev is None else arguments.reread(dev)
    if is_cross_validated:
        cross_validation.check(dev, fine_tune)
        dev, config = pairs, cross_validation.whole(config)
    setup = set_up(
        pairs, dev, config, path=Path(output), origin=manifest.Origin(fine_tune, command, notes or {}),
        overwrite=overwrite, derived_from=derived_from,
    )  # fmt: skip
    listeners = Listeners([*([] if listen is None else [listen]), *map(listener, callbacks)])
    with engines.leading(device):
        validated = before = None
        if is_cross_validated and not setup.is_finished:
            validated = _cross_validated(pairs, setup, listeners, overwrite=overwrite, execute=execute)
        elif is_repeated and not setup.is_finished:
            before = _first_model(pairs, dev, setup, listeners, overwrite=overwrite, execute=execute)
            setup = setup._replace(prepared=self_training.taught(setup.prepared, before.model))
        model = run(setup, listeners, validated=validated, before=before, execute=execute)
        for name in (FOLDS, FIRST):
            shutil.rmtree(setup.path / name, ignore_errors=True)
        return model


def _cross_validated(
    pairs: readers.Pairs, setup: Setup, listeners: Listeners, *, overwrite: bool, execute: Executor | None
) -> cross_validation.Validated:
    """Train a model without each fold, and return their scores and the calibration of the model of all pairs."""
    n_folds = setup.prepared.config.training.cross_validation

    def train_without(fold: int) -> cross_validation.Fold:
        config = cross_validation.of_fold(setup.prepared.config, fold)
        path, origin = setup.path / FOLDS / str(fold + 1), manifest.Origin(None, setup.origin.command, {})
        one = set_up(pairs, None, config, path=path, origin=origin, overwrite=overwrite)
        heard = _preliminary(listeners, "fold", fold + 1, n_folds)
        return cross_validation.Fold(run(one, heard, execute=execute), one.prepared)

    return cross_validation.validate(
        [partial(train_without, fold) for fold in range(n_folds)], setup.prepared, listeners
    )


def _first_model(
    pairs: readers.Pairs,
    dev: readers.Pairs | None,
    setup: Setup,
    listeners: Listeners,
    *,
    overwrite: bool,
    execute: Executor | None,
) -> cross_validation.Fold:
    """Train the model without auxiliary data, and return it with its data."""
    origin = manifest.Origin(setup.origin.fine_tune, setup.origin.command, {})
    config = self_training.first(setup.prepared.config)
    one = set_up(pairs, dev, config, path=setup.path / FIRST, origin=origin, overwrite=overwrite)
    return cross_validation.Fold(run(one, _preliminary(listeners, "first model", 1, 1), execute=execute), one.prepared)


def _preliminary(listeners: Listeners, training: Literal["fold", "first model"], number: int, of: int) -> Listeners:
    """Return listeners to a preliminary training that report its progress to others."""

    def listen(event: Event) -> None:
        if isinstance(event, Progressed):
            listeners(Preliminary(training, number, of, event))

    return Listeners([listen])


def run(
    setup: Setup,
    listeners: Listeners,
    instruments: Instruments = Instruments(),  # noqa: B008
    validated: cross_validation.Validated | None = None,
    before: cross_validation.Fold | None = None,
    execute: Executor | None = None,
) -> Translator:
    """Run a training that is set up, and return its model.

    validated: by a cross-validation before.   before: a model without auxiliary data, which is taken if it is better.
    execute: trains the networks as tasks.
    """
    path, prepared = setup.path, setup.prepared
    if setup.is_finished:
        listeners(AlreadyTrained(str(path)))
        return Translator(bundle.load(path))

    networks = Ensemble(prepared, setup.base, instruments=instruments)
    model_writer = ModelWriter(setup, networks)
    journal = Journal(path / "metrics.jsonl", has_model=lambda: model_writer.has_saved)
    checkpointer = Checkpointer(
        setup.file, setup.identity, networks, journal,
        every_s=prepared.config.training.checkpoint_every_s, clock=instruments.clock,
    )  # fmt: skip
    curves = Listeners([TensorBoard(path / "tensorboard")] if prepared.config.training.log == "tensorboard" else [])
    subscribers: list[Listener] = [
        checkpointer.check_owner,  # before any file has a line of this training while another one owns it
        journal.add,  # before the checkpoint, which holds the line of the event
        curves,  # before the checkpoint: continuing from it removes later points, but cannot add missing ones
        checkpointer,  # before the model: it holds the best parameters too, and a model without one counts as finished
        model_writer,
        journal.write,  # after the model: until then, the file belongs to the previous one
        listeners,  # last: all is saved, whatever they raise
    ]

    def publish(event: Event) -> None:
        for subscriber in subscribers:
            subscriber(event)

    if setup.checkpoint is not None:
        networks.restore(setup.checkpoint)
        journal.restore(setup.checkpoint)
    for event in _opening(setup, networks):
        publish(event)
    apart = _apart(setup, execute, instruments)
    with interrupt.deferred() as interrupted:
        try:
            if apart is not None:
                state = members.train(
                    setup, checkpointer.save(), apart, listen=listeners, clock=instruments.clock, stop=interrupted
                )
                networks.restore(state)
                journal.restore(state)
                checkpointer.save()
            for event in networks.events() if apart is None else ():
                publish(event)
                if interrupted():
                    raise KeyboardInterrupt
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) or error is curves.failure or error is listeners.failure:
                if apart is None:  # members have checkpoints of their own, and there is no model before the last one
                    checkpointer.save()
                    model_writer.save_interrupted()
                publish(_finished(networks, "interrupted", path if bundle.exists(path) else None))
            raise

    setup.file.check()
    final = _final_model(setup, networks, instruments, validated)
    if before is not None:
        final = self_training.chosen(final, prepared, before, listeners)
    model_writer.save(final)
    members.remove(path)
    setup.file.remove()
    model = Translator(bundle.load(path))
    page = _report(setup, model)
    finished = msgspec.structs.replace(_finished(networks, networks.position.reason, path), report=page)
    if validated is not None:
        scores = validated.scores
        finished = msgspec.structs.replace(
            finished, dev_accuracy=scores.accuracy, dev_interval=(scores.low, scores.high)
        )
    elif before is not None:
        finished = msgspec.structs.replace(finished, dev_accuracy=model.bundle.manifest["scores"]["dev_accuracy"])
    publish(finished)
    return model


def _apart(setup: Setup, execute: Executor | None, instruments: Instruments) -> Executor | None:
    """Return what trains the networks as tasks; None if they are trained one after another, or are trained already."""
    state = setup.checkpoint
    if state is None:
        members.remove(setup.path)  # of an earlier training
    elif state.position.reason and state.done == setup.prepared.config.training.members - 1:
        return None
    if execute is None and members.begun(setup.path):
        return partial(in_process, instruments=instruments)
    return execute


def _final_model(
    setup: Setup, networks: Ensemble, instruments: Instruments, validated: cross_validation.Validated | None
) -> bundle.Bundle:
    """Return the model with its own dev scores, also as an ensemble, and its calibration."""
    prepared, model = setup.prepared, assemble(setup, networks)
    if validated is not None:
        model = assemble(setup, networks, validated.calibration)
        return msgspec.structs.replace(model, manifest=model.manifest | {"cross_validation": validated.scores})
    if networks.done:
        record(instruments.evaluate(model.build(), prepared), networks.position)
    if prepared.provenance.dev.status == "seen":
        return assemble(setup, networks)
    return assemble(setup, networks, calibrated(Translator(model), prepared))


def _report(setup: Setup, model: Translator) -> str | None:
    """Write the report if it is configured, and return its path; None if it cannot be written."""
    prepared = setup.prepared
    if not prepared.config.training.report:
        return None
    unseen = prepared.dev_pairs if prepared.provenance.dev.status == "unseen" else None
    with contextlib.suppress(OutputError):  # a full disk prevents the report, not the model
        return str(report.write(setup.path, model=model, dev=unseen))
    return None


def _opening(setup: Setup, networks: Ensemble) -> Iterator[Event]:
    """Yield the events before the first step."""
    prepared = setup.prepared
    first = networks.done[0] if networks.done else networks.loop.network.params
    yield Started(
        n_pairs=len(prepared.examples),
        n_dev=len(prepared.dev.sources),
        dev_examples=prepared.dev.texts[:N_EXAMPLES],
        dev=prepared.dev_origin,
        n_source_symbols=len(prepared.source.vocabulary.symbols),
        n_target_symbols=len(prepared.target.vocabulary.symbols),
        n_parameters=first.flat.size,
        kernels=networks.loop.engine,
        config=prepared.config,
        excluded=[Excluded(*pair) for pair in prepared.excluded],
        n_seen=prepared.provenance.dev.n_seen,
        dev_status=prepared.provenance.dev.status,
        reading=prepared.reading,
    )
    if setup.checkpoint is not None:
        yield Resumed(networks.position.pairs / prepared.pairs_per_epoch, networks.elapsed_s())


def _finished(networks: Ensemble, reason: Any, path: Path | None) -> Finished:
    at = networks.position
    return Finished(
        reason, at.best_epoch, None if networks.best is None else at.best_exact, networks.elapsed_s(),
        None if path is None else str(path),
        dev_loss=at.best_loss, dev_bleu=at.best_bleu, dev_chrf=at.best_chrf,
    )  # fmt: skip
