"""`tune`: hyperparameter search by trainings with different settings in a given time."""

from __future__ import annotations

import dataclasses
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
from seqwright.training.checkpoint import Position
from seqwright.training.events import Event, Measured
from seqwright.training.loop import Loop
from seqwright.training.output import writing
from seqwright.training.prepare import Prepared, prepare
from seqwright.tuning.space import Searched, applied, configured, space
from seqwright.tuning.study import DevScores, RunningTrial, Study, Trial, require

__all__ = ["Tried", "Trying", "Tuned", "tune"]

SHARE_OF_TRIAL = 0.1  # of the time budget at most: a search needs about ten trials
WORTH_BEGINNING = 0.5  # of the mean time of a complete trial, below which no other one begins


class Trying(NamedTuple):
    """Event: a trial begins.

    Attributes
    ----------
    number : int
        From 1.
    settings : dict
        The values to try, by "section.key".
    """

    number: int
    settings: dict[str, Any]


class Tried(NamedTuple):
    """Event: a trial has ended.

    Attributes
    ----------
    trial : Trial
        Its settings and scores.
    best : bool
        No other trial has a better score.
    """

    trial: Trial
    best: bool


class Tuned(NamedTuple):
    """The result of a search.

    Attributes
    ----------
    trials : list of Trial
        All trials in their order.
    best : Trial
        The complete trial with the best dev score.
    config : Config
        The configuration of the best trial.
    path : Path
        The TOML file with that configuration.
    """

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
    """Search hidden size, depth, attention, dropout, learning rate and batch size for these pairs.

    Trials are compared by the measure that a training selects its parameters by: exact match on the dev set, chrF for
    sentences. The first trial is the configuration itself, so the result is at least as good on the dev set. A trial
    takes at most a tenth of the time, and is pruned if the median of the others is better. An interrupted search
    continues with the interrupted trial; a finished search continues if it is given more time or trials.

    Parameters
    ----------
    pairs, dev : pairs
        As in `train`.
    output : path
        The directory of the trials and of `best.toml`.
    config : Config
        The configuration to start from.
    fixed : collection of str
        Settings that are not searched, such as "model.dropout".
    time_budget_s : float, default 3600
        Seconds of all trainings together, including those before an interruption.
    max_trials : int, optional
        The greatest number of trials.
    listen : callable, optional
        Called with `Trying` before a trial, with each event of its training, and with `Tried` after it.

    Returns
    -------
    Tuned
        All trials, and the configuration of the best one.

    Raises
    ------
    ConfigError, DataError, OutputError
        As in `train`.
    UsageError
        `output` has trials on other data or settings, every setting is fixed, or no trial is complete.
    DependencyError
        optuna is not installed.
    """
    path, listen = Path(output), listen or (lambda _: None)
    require()
    if config.training.unlabelled or config.training.also:
        raise UsageError("tune searches without training.unlabelled and training.also; give them to train afterwards")
    prepared = prepare(pairs, dev, config)
    searched = space(prepared.config, fixed)
    if not searched:
        raise UsageError("every setting that can be searched is fixed; fix fewer settings")
    study = Study(path, _identity(prepared, config, fixed, searched), seed=config.training.seed)
    study.suggest_first(configured(prepared.config, searched))
    while not _over(study, time_budget_s, max_trials):
        running = study.ask(searched)
        listen(Trying(running.number, running.settings))
        most_s = min(SHARE_OF_TRIAL * time_budget_s, time_budget_s - study.spent_s)
        _try(running, prepared, applied(config, running.settings), most_s, listen)
        trial, best = study.trials[-1], study.best
        if best is not None:
            _write(path / "best.toml", to_toml(applied(config, best.settings)))
        listen(Tried(trial, trial == best))
    best = study.best
    if best is None:
        raise UsageError(f"{path}: no trial is complete; allow more time or more trials")
    return Tuned(study.trials, best, applied(config, best.settings), path / "best.toml")


def _try(
    running: RunningTrial, prepared: Prepared, config: Config, most_s: float, listen: Callable[[Event], None]
) -> None:
    """Train with the settings of the trial, until it ends or is pruned."""
    own = config.training.time_budget_s  # of all members; a trial trains one network
    part_s = most_s if own is None else min(most_s, own / config.training.members)
    limited = msgspec.structs.replace(config.training, time_budget_s=part_s)
    complete = recipe.complete(
        msgspec.structs.replace(config, text=prepared.config.text, training=limited), prepared.traits
    )
    epochs = complete.training.epochs
    assert epochs is not None, "set by the recipe"
    loop = Loop(dataclasses.replace(prepared, config=complete))
    try:
        for event in loop.events():
            listen(event)
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
    running.end(_selected(loop.position))


def _report(running: RunningTrial, event: Measured, loop: Loop, epochs: int, most_s: float) -> bool:
    """Report a measurement; return whether to prune the trial."""
    seconds = loop.elapsed_s()
    share = max(event.epoch / epochs, seconds / most_s)
    return running.report(share, _selected(loop.position), epochs=event.epoch, seconds=seconds)


def _selected(at: Position) -> DevScores:
    """Return the scores of the parameters that are selected."""
    return DevScores(
        measure=at.best_measure or "exact",
        dev_accuracy=at.best_exact, dev_ter=at.best_ter,
        dev_loss=at.best_loss, dev_bleu=at.best_bleu, dev_chrf=at.best_chrf,
    )  # fmt: skip


def _over(study: Study, time_budget_s: float, max_trials: int | None) -> bool:
    trials = study.trials
    if max_trials is not None and len(trials) >= max_trials:
        return True
    complete = [trial.seconds for trial in trials if trial.state == "complete"]
    needed = WORTH_BEGINNING * sum(complete) / len(complete) if complete else 0.0
    return study.spent_s + needed >= time_budget_s


def _identity(prepared: Prepared, config: Config, fixed: Collection[str], searched: Searched) -> dict[str, Any]:
    """Return what must be equal for trials to be comparable."""
    data = [file.sha256 for file in prepared.provenance.of("train", "dev")]
    measure = {"measure": "chrF"} if prepared.traits.sentences else {}
    return measure | {
        "seqwright": seqwright.__version__,
        "data": data,
        "config": msgspec.to_builtins(config),
        "fixed": sorted(fixed),
        "searched settings": searched,
    }


def _write(path: Path, text: str) -> None:
    with writing(path):
        file_set.write(path, text.encode())
