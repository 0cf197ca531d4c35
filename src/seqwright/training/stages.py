"""`train`: from pairs to a model directory, in stages.

With candidates, cross-validation or auxiliary data, preliminary trainings, in directories of their own, are first.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from seqwright import bundle, engines, provenance
from seqwright.config import Config, ModelConfig
from seqwright.data import readers
from seqwright.errors import ConfigError, UsageError
from seqwright.inference.translator import Translator
from seqwright.training import arguments, candidates, cross_validation, folds, manifest, self_training
from seqwright.training.callbacks import Callback, Listeners, listener
from seqwright.training.events import Event, Listener, Preliminary, Progressed
from seqwright.training.execution import Executor
from seqwright.training.output import CANDIDATES, FIRST, FOLDS, TAUGHT
from seqwright.training.prepare import Prepared, prepare
from seqwright.training.run import run
from seqwright.training.setup import Setup, set_up

__all__ = ["train"]


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
        Pairs for evaluation. Without them, a tenth of the sources is held out, at most 2,000; with 50 to 1,000 pairs,
        the training is cross-validated (`training.cross_validation`).
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
    pairs, config = folds.settled(pairs, dev, config, fine_tune)
    is_cross_validated = bool(config.training.cross_validation)
    is_repeated = is_cross_validated or bool(config.training.unlabelled or config.training.also)
    arguments.check_files(config, is_repeated=is_repeated or bool(config.training.candidates))
    if is_repeated or config.training.candidates:
        pairs, dev = arguments.reread(pairs), None if dev is None else arguments.reread(dev)
    if config.training.candidates:
        candidates.check(config, fine_tune)
    if config.training.keep_folds and not is_cross_validated:
        raise UsageError(
            "training.keep_folds: this training has no folds; set training.cross_validation (--cross-validate)"
        )
    if is_cross_validated:
        cross_validation.check(dev, fine_tune)
        dev, config = pairs, cross_validation.whole(config)
    setup = set_up(
        pairs, dev, config, path=Path(output), origin=manifest.Origin(fine_tune, command, notes or {}),
        overwrite=overwrite, derived_from=derived_from,
    )  # fmt: skip
    listeners = Listeners(
        [*([] if listen is None else [listen]), *map(listener, callbacks)], need_saved=bool(callbacks)
    )
    with engines.leading(device):
        validated = before = None
        if config.training.candidates and not setup.is_finished:
            setup = _settled(pairs, dev, config.model, setup, listeners, overwrite=overwrite)
        if is_cross_validated and not setup.is_finished:
            setup, validated = _cross_validated(pairs, setup, listeners, overwrite=overwrite, execute=execute)
        elif is_repeated and not setup.is_finished:
            before = _first_model(pairs, dev, setup, listeners, overwrite=overwrite, execute=execute)
            setup = setup._replace(prepared=self_training.taught(setup.prepared, [before.model]))
        model = run(setup, listeners, validated=validated, before=before, execute=execute)
        for name in {CANDIDATES, FIRST, FOLDS, TAUGHT} - _kept(config):
            shutil.rmtree(setup.path / name, ignore_errors=True)
        return model


def _kept(config: Config) -> set[str]:
    """Return the folders of preliminary trainings that stay in the model directory."""
    training = config.training
    if not training.keep_folds:
        return set()
    return {FOLDS, TAUGHT} if training.unlabelled or training.also else {FOLDS}


def _settled(
    pairs: readers.Pairs,
    dev: readers.Pairs | None,
    open_: ModelConfig,
    setup: Setup,
    listeners: Listeners,
    *,
    overwrite: bool,
) -> Setup:
    """Train candidates, and return the training with the settings that were found.   open_: as configured."""
    recipe, origin = setup.prepared.config, setup.origin
    changes = candidates.variants(open_, recipe.model, recipe.training.candidates)
    if len(changes) < 2:
        raise ConfigError("training.candidates: attention, size and dropout are all set; leave one of them open")

    is_cross_validated = bool(recipe.training.cross_validation)

    def train(change: candidates.Changes, epochs: int) -> cross_validation.Fold:
        number = changes.index(change) + 1
        path = setup.path / CANDIDATES / f"{number}-{epochs}"
        config = candidates.of(recipe, change, epochs)
        if is_cross_validated:
            config = cross_validation.of_fold(config, 0)
        of = manifest.Origin(None, origin.command, {})
        one = set_up(pairs, None if is_cross_validated else dev, config, path=path, origin=of, overwrite=overwrite)
        heard = _preliminary(listeners, "candidate", number, len(changes))
        return cross_validation.Fold(run(one, heard), one.prepared)

    found = candidates.search(train, recipe, changes, listeners)
    config = candidates.with_changes(recipe, changes[found.chosen])
    return setup._replace(
        prepared=dataclasses.replace(setup.prepared, config=config),
        origin=manifest.Origin(origin.fine_tune, origin.command, origin.notes | {"candidates": found}),
    )


def _cross_validated(
    pairs: readers.Pairs, setup: Setup, listeners: Listeners, *, overwrite: bool, execute: Executor | None
) -> tuple[Setup, cross_validation.Validated]:
    """Return the training of the model of all pairs, with the auxiliary data that it keeps, and its validation."""
    validate = partial(_folds, pairs, setup, listeners, overwrite=overwrite, execute=execute)
    given = setup.prepared
    if not (given.config.training.unlabelled or given.config.training.also):
        return setup, validate(given)
    plain = prepare(pairs, pairs, self_training.without(given.config))
    before = validate(plain)
    teachers = [fold.model for fold in before.folds]
    taught = self_training.taught(given, teachers)
    after = validate(taught, teachers)
    found = self_training.compared(taught, after, before, listeners)
    data = taught if found.kept else plain
    prepared = dataclasses.replace(data, config=given.config, provenance=given.provenance, reading=taught.reading)
    origin = setup.origin
    origin = manifest.Origin(origin.fine_tune, origin.command, origin.notes | {"auxiliary": found})
    return setup._replace(prepared=prepared, origin=origin), after if found.kept else before


def _folds(
    pairs: readers.Pairs,
    setup: Setup,
    listeners: Listeners,
    final: Prepared,
    teachers: Sequence[Translator] = (),
    *,
    overwrite: bool,
    execute: Executor | None,
) -> cross_validation.Validated:
    """Train a model without each fold, and return their scores and the calibration of the model of all pairs.

    final: the data of that model.   teachers: one for each fold, which answers its unlabelled sources.
    """
    n_folds, place = final.config.training.cross_validation or 0, setup.path / (TAUGHT if teachers else FOLDS)

    def train_without(fold: int) -> cross_validation.Fold:
        config = cross_validation.of_fold(final.config, fold)
        origin = manifest.Origin(None, setup.origin.command, {})
        one = set_up(pairs, None, config, path=place / str(fold + 1), origin=origin, overwrite=overwrite)
        if teachers and not one.is_finished:
            one = one._replace(prepared=self_training.taught(one.prepared, [teachers[fold]]))
        heard = _preliminary(listeners, "fold", fold + 1, n_folds)
        return cross_validation.Fold(run(one, heard, execute=execute), one.prepared)

    for earlier in {*place.glob("*")} - {place / str(fold + 1) for fold in range(n_folds)}:
        shutil.rmtree(earlier, ignore_errors=True)  # of a training that is overwritten
    trainings = [partial(train_without, fold) for fold in range(n_folds)]
    validated = cross_validation.validate(trainings, final, listeners, has_auxiliary=bool(teachers))
    return validated._replace(kept_in=place if final.config.training.keep_folds else None)


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


def _preliminary(
    listeners: Listeners, training: Literal["candidate", "fold", "first model"], number: int, of: int
) -> Listeners:
    """Return listeners to a preliminary training that report its progress to others."""

    def listen(event: Event) -> None:
        if isinstance(event, Progressed):
            listeners(Preliminary(training, number, of, event))

    return Listeners([listen])
