"""`tune`: trainings with different settings within a time, and the best of them as a configuration."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import seqwright
from seqwright import file_set
from seqwright.config import Config, to_toml
from seqwright.data import readers
from seqwright.errors import TrainingError, UsageError
from seqwright.training import recipe
from seqwright.training.events import Event, Measured
from seqwright.training.loop import Loop
from seqwright.training.output import writing
from seqwright.training.prepare import Prepared, prepare
from seqwright.tuning.space import Searched, applied, configured, space
from seqwright.tuning.study import RunningTrial, Study, Trial, require, score

__all__ = ["Tried", "Trying", "Tuned", "tune"]

SHARE_OF_TRIAL = 0.1  # of the time budget, at most: ten trials tell something, two do not
WORTH_BEGINNING = 0.5  # of the time that the others took


class Trying(NamedTuple):
    """A trial begins."""

    number: int
    settings: dict[str, Any]


class Tried(NamedTuple):
    """A trial is over.   best: no other was better."""

    trial: Trial
    best: bool


class Tuned(NamedTuple):
    """All trials in their order, the best of them, its configuration, and the TOML file that holds it."""

    trials: list[Trial]
    best: Trial
    config: Config
    path: Path


def tune(
    pairs: readers.Pairs,
    *,
    output: str | Path,
    dev: readers.Pairs | None = None,
    config: Config = Config(),  # noqa: B008 - frozen
    fixed: Collection[str] = (),
    time_budget_s: float = 3600.0,
    max_trials: int | None = None,
    listen: Callable[[Event | Trying | Tried], None] | None = None,
) -> Tuned:
    """Search size, depth, attention, dropout, rate and batch size for these pairs, and keep a record in `output`.

    The first trial is the configuration itself, so that what is found is at least as good on the dev set. A trial takes
    a tenth of the time at most, and ends early where the median of the others is better. fixed: settings such as
    "model.dropout" that are left as they are.   max_trials: ends the search before the time does.
    An interrupted search goes on, with the trial it was at; one that is over goes on with more time or trials.
    time_budget_s: of the trainings in all, those before an interruption too.
    listen: called with each event of a training, with `Trying` before a trial and `Tried` after it.
    ConfigError, DataError, UsageError, OutputError; DependencyError: optuna is not installed.
    """
    path, hear = Path(output), listen or (lambda _: None)
    require()
    prepared = prepare(pairs, dev, config)
    searched = space(prepared.config, fixed)
    if not searched:
        raise UsageError("every setting that could be searched is fixed; leave some open")
    study = Study(path, _identity(prepared, config, fixed, searched), seed=config.training.seed)
    study.suggest_first(configured(prepared.config, searched))
    while not _over(study, time_budget_s, max_trials):
        running = study.ask(searched)
        hear(Trying(running.number, running.settings))
        most_s = min(SHARE_OF_TRIAL * time_budget_s, time_budget_s - study.spent_s)
        _try(running, prepared, applied(config, running.settings), most_s, hear)
        trial, best = study.trials[-1], study.best
        if best is not None:
            _write(path / "best.toml", to_toml(applied(config, best.settings)))
        hear(Tried(trial, trial == best))
    best = study.best
    if best is None:
        raise UsageError(f"{path}: no trial has come to its end; allow more time or more trials")
    return Tuned(study.trials, best, applied(config, best.settings), path / "best.toml")


def _try(
    running: RunningTrial, prepared: Prepared, config: Config, most_s: float, hear: Callable[[Event], None]
) -> None:
    """Train with the settings until the end, or until others are better."""
    own = config.training.time_budget_s  # of all members; a trial is one
    part_s = most_s if own is None else min(most_s, own / config.training.members)
    limited = msgspec.structs.replace(config.training, time_budget_s=part_s)
    complete = recipe.complete(
        msgspec.structs.replace(config, text=prepared.config.text, training=limited), prepared.traits
    )
    epochs = complete.training.epochs
    assert epochs is not None, "the recipe has filled it in"
    loop = Loop(prepared._replace(config=complete))
    try:
        for event in loop.events():
            hear(event)
            if (
                isinstance(event, Measured)
                and _report(running, event, loop, epochs, most_s)
                and not loop.position.reason
            ):
                running.end(None)
                return
    except TrainingError:
        running.end(None)
        return
    running.end(score(loop.position.best_exact, loop.position.best_ter))


def _report(running: RunningTrial, event: Measured, loop: Loop, epochs: int, most_s: float) -> bool:
    """Report a measurement; return whether others are better."""
    at, seconds = loop.position, loop.elapsed_s()
    share = max(event.epoch / epochs, seconds / most_s)
    return running.report(share, accuracy=at.best_exact, ter=at.best_ter, epochs=event.epoch, seconds=seconds)


def _over(study: Study, time_budget_s: float, max_trials: int | None) -> bool:
    trials = study.trials
    if max_trials is not None and len(trials) >= max_trials:
        return True
    complete = [trial.seconds for trial in trials if trial.state == "complete"]
    needed = WORTH_BEGINNING * sum(complete) / len(complete) if complete else 0.0
    return study.spent_s + needed >= time_budget_s


def _identity(prepared: Prepared, config: Config, fixed: Collection[str], searched: Searched) -> dict[str, Any]:
    """Return what must be the same for trials to be compared."""
    data = [file.sha256 for file in prepared.provenance.of("train", "dev")]
    return {
        "seqwright": seqwright.__version__,
        "data": data,
        "config": msgspec.to_builtins(config),
        "fixed": sorted(fixed),
        "searched settings": searched,
    }


def _write(path: Path, text: str) -> None:
    with writing(path):
        file_set.write(path, text.encode())
