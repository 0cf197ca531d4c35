"""A training that is set up, from its first step to the model directory.

Events of the networks are sent to subscribers in a stated order; at the end the final model is evaluated, calibrated
and saved.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from seqwright import bundle, report
from seqwright.errors import OutputError
from seqwright.inference.translator import Translator
from seqwright.training import cross_validation, interrupt, journal, members, self_training
from seqwright.training.callbacks import Listeners
from seqwright.training.checkpointer import Checkpointer
from seqwright.training.ensemble import Ensemble
from seqwright.training.events import AlreadyTrained, Event, Excluded, Finished, Listener, Resumed, Started
from seqwright.training.execution import Executor, in_process
from seqwright.training.instruments import Instruments
from seqwright.training.measure import calibrated
from seqwright.training.model_writer import ModelWriter, assemble
from seqwright.training.selection import record
from seqwright.training.setup import Setup
from seqwright.training.tensorboard import TensorBoard
from seqwright.training.write_pace import WritePace

__all__ = ["run"]

N_EXAMPLES = 20  # dev sources of `Started`


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
    path = setup.path
    if setup.is_finished:
        listeners(AlreadyTrained(str(path)))
        return Translator(bundle.load(path))

    training = _Training(setup, listeners, instruments)
    training.continue_from_checkpoint()
    training.fit(_apart(setup, execute, instruments))

    setup.file.check()
    final = _final_model(setup, training.networks, instruments, validated)
    if before is not None:
        final = self_training.chosen(final, setup.prepared, before, listeners)
    training.model_writer.save(final)
    members.remove(path)
    setup.file.remove()
    model = Translator(bundle.load(path))
    finished = _finished(training.networks, training.networks.position.reason, path)
    finished = msgspec.structs.replace(finished, report=_report(setup, model, validated))
    if validated is not None:
        scores = validated.scores
        finished = msgspec.structs.replace(
            finished, dev_accuracy=scores.accuracy, dev_interval=(scores.low, scores.high),
            folds=None if validated.kept_in is None else str(validated.kept_in),
        )  # fmt: skip
    elif before is not None:
        finished = msgspec.structs.replace(finished, dev_accuracy=model.bundle.manifest["scores"]["dev_accuracy"])
    training.publish(finished)
    return model


class _Training:
    """The networks of a training, and the subscribers to their events."""

    def __init__(self, setup: Setup, listeners: Listeners, instruments: Instruments) -> None:
        training, path = setup.prepared.config.training, setup.path
        self._setup, self._listeners, self._clock = setup, listeners, instruments.clock
        self.networks: Ensemble = Ensemble(setup.prepared, setup.base, instruments=instruments)
        every_s, each = training.checkpoint_every_s, listeners.need_saved
        pace = WritePace(instruments.clock, every_s=every_s, each=each)
        self.model_writer: ModelWriter = ModelWriter(setup, self.networks, pace)
        self._journal = journal.Journal(path / "metrics.jsonl", has_model=lambda: self.model_writer.has_saved)
        self._checkpointer = Checkpointer(
            setup.file, setup.identity, self.networks, self._journal,
            every_s=every_s, clock=instruments.clock, each=each,
        )  # fmt: skip
        self._curves = Listeners([TensorBoard(path / "tensorboard")] if training.log == "tensorboard" else [])
        self._subscribers: list[Listener] = [
            self._checkpointer.check_owner,  # before any file has a line of this training while another one owns it
            self._journal.add,  # before the checkpoint, which holds the line of the event
            self._curves,  # before the checkpoint: continuing from it removes later points, but cannot add missing ones
            self._checkpointer,  # before the model: it has the best parameters, and a model alone counts as finished
            self.model_writer,
            self._journal.write,  # after the model: until then, the file belongs to the previous one
            listeners,  # last: all that is due is saved, whatever they raise
        ]

    def publish(self, event: Event) -> None:
        """Send an event to all subscribers."""
        for subscriber in self._subscribers:
            subscriber(event)

    def continue_from_checkpoint(self) -> None:
        """Restore the state of an interrupted training, if any, and publish the events before the first step."""
        if self._setup.checkpoint is not None:
            self.networks.restore(self._setup.checkpoint)
            self._journal.restore(self._setup.checkpoint)
        for event in _opening(self._setup, self.networks):
            self.publish(event)

    def fit(self, apart: Executor | None) -> None:
        """Train all networks, one after another or as tasks of an executor.

        KeyboardInterrupt, and what a listener raises: after everything is saved, and `Finished` is published.
        """
        with interrupt.deferred() as interrupted:
            try:
                if apart is not None:
                    self._fit_apart(apart, interrupted)
                    return
                for event in self.networks.events():
                    self.publish(event)
                    if interrupted():
                        raise KeyboardInterrupt
            except BaseException as error:
                known = (self._curves.failure, self._listeners.failure)
                if isinstance(error, KeyboardInterrupt) or any(error is failure for failure in known):
                    if apart is None:  # members have checkpoints of their own, and there is no model before the last
                        self._checkpointer.save()
                        self.model_writer.save_interrupted()
                    path = self._setup.path
                    self.publish(_finished(self.networks, "interrupted", path if bundle.exists(path) else None))
                raise

    def _fit_apart(self, execute: Executor, stop: Callable[[], bool]) -> None:
        """Train the networks as tasks, and take over their state."""
        before = self._checkpointer.save()
        state = members.train(self._setup, before, execute, listen=self._listeners, clock=self._clock, stop=stop)
        self.networks.restore(state)
        self._journal.restore(state)
        self._checkpointer.save()
        for event in journal.events(state.journal[len(before.journal) :]):  # curves show one member after another
            self._curves(event)


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


def _report(setup: Setup, model: Translator, validated: cross_validation.Validated | None) -> str | None:
    """Write the report if it is configured, and return its path; None if it cannot be written."""
    prepared = setup.prepared
    if not prepared.config.training.report:
        return None
    unseen = prepared.dev_pairs if prepared.provenance.dev.status == "unseen" else None
    with contextlib.suppress(OutputError):  # a full disk prevents the report, not the model
        folds = () if validated is None else [(fold.model, fold.prepared.dev_pairs) for fold in validated.folds]
        return str(report.write(setup.path, model=model, dev=unseen, folds=folds))
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
