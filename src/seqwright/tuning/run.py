"""`tune`: hyperparameter search by trainings with different settings in a given time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import seqwright
from seqwright import file_set
from seqwright.config import Config, to_toml
from seqwright.data import readers
from seqwright.errors import UsageError
from seqwright.training.events import Event
from seqwright.training.execution import Executor, Run, in_process
from seqwright.training.output import writing
from seqwright.training.prepare import Prepared, prepare
from seqwright.training.task import Data, Step
from seqwright.tuning.attempt import Attempt
from seqwright.tuning.space import Searched, applied, configured, space
from seqwright.tuning.study import Study, Trial, require

__all__ = ["Tried", "Trying", "Tuned", "tune"]

SHARE_OF_TRIAL = 0.1  # of the time budget at most: a search needs about ten trials
RUNNING = "running"  # folder of the checkpoints of trials that other processes may continue
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
    execute: Executor | None = None,
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
    execute : Executor, optional
        Runs trials at the same time, such as `seqwright.ray.Cluster`. A trial of given settings has the same scores;
        which settings are tried depends on the trials that have ended before.

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
    study = Study(
        path, _identity(prepared, config, fixed, searched), seed=config.training.seed, parallel=execute is not None
    )
    study.suggest_first(configured(prepared.config, searched))
    attempts: dict[Run, Attempt] = {}

    def requested() -> Iterator[Run]:
        while not _over(study, time_budget_s, max_trials):
            trial = study.ask(searched)
            listen(Trying(trial.number, trial.settings))
            attempt = Attempt(
                trial, prepared, applied(config, trial.settings), folder=None if execute is None else path / RUNNING,
                most_s=min(SHARE_OF_TRIAL * time_budget_s, time_budget_s - study.spent_s),
            )  # fmt: skip
            run = Run(attempt.task)
            attempts[run] = attempt
            yield run

    with contextlib.closing((execute or in_process)(Data(prepared), requested(), lambda: False)) as steps:
        for run, step in steps:
            if isinstance(step, Step):
                listen(step.event)
                run.dropped = run.dropped or attempts[run].prunes(step)
                continue
            attempt = attempts.pop(run)
            attempt.end(step.error, pruned=run.dropped)
            trial, best = study.trial(attempt.trial.number), study.best
            if best is not None:
                _write(path / "best.toml", to_toml(applied(config, best.settings)))
            listen(Tried(trial, trial == best))
    best = study.best
    if best is None:
        raise UsageError(f"{path}: no trial is complete; allow more time or more trials")
    return Tuned(study.trials, best, applied(config, best.settings), path / "best.toml")


def _over(study: Study, time_budget_s: float, max_trials: int | None) -> bool:
    trials = study.trials
    if max_trials is not None and len(trials) >= max_trials:
        return True
    complete = [trial.seconds for trial in trials if trial.state == "complete"]
    needed = WORTH_BEGINNING * sum(complete) / len(complete) if complete else 0.0
    n_running = sum(trial.state == "running" for trial in trials)
    return study.spent_s + (1 + n_running) * needed >= time_budget_s


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
