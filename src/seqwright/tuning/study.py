"""The trials of a search, an optuna study in one journal file that survives a killed process.

Akiba et al. 2019, "Optuna: A Next-generation Hyperparameter Optimization Framework". A tree-structured Parzen estimator
chooses the settings of the next trial, and a trial is pruned if it is worse than the median of the earlier ones.
"""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from seqwright.errors import DependencyError, UsageError
from seqwright.training.output import writing
from seqwright.tuning.space import Range, Searched

__all__ = ["DevScores", "RunningTrial", "Study", "Trial", "require"]

NAME = "trials.log"
MOMENTS = 20  # of a training, at which trials are compared, since numbers of epochs may differ
FIRST_PRUNED = 4  # earlier trials are never pruned
EARLIEST = 5  # no pruning before this moment


class DevScores(msgspec.Struct, frozen=True, kw_only=True):
    """The dev scores of the selected parameters of a training.

    Attributes
    ----------
    measure : {"exact", "loss", "chrF"}
        The criterion by which the training selected them, as in `Measured`; trials are compared by it.
    dev_accuracy, dev_ter : float
        Exact match and token error rate in percent.
    dev_loss, dev_bleu, dev_chrf : float or None
        For sentences: nats per target symbol, BLEU and chrF.
    """

    measure: Literal["exact", "loss", "chrF"] = "exact"
    dev_accuracy: float = 0.0
    dev_ter: float = 0.0
    dev_loss: float | None = None
    dev_bleu: float | None = None
    dev_chrf: float | None = None

    @property
    def objective(self) -> float:
        """What a search maximizes: exact matches and then a lower token error rate; of sentences, chrF.

        Sentences without a chrF are compared by the loss; they are worse than any with one (`training.selection`).
        """
        if self.measure == "exact":
            # Different accuracies on up to a thousand dev sources differ by more.
            return self.dev_accuracy - 1e-4 * self.dev_ter
        value = self.dev_chrf if self.measure == "chrF" else self.dev_loss
        assert value is not None, "measured for sentences"
        return value if self.measure == "chrF" else -value  # chrF ≥ 0 ≥ -loss


class Trial(DevScores, frozen=True, kw_only=True):
    """One training of a search and its result.

    Attributes
    ----------
    number : int
        From 1.
    settings : dict
        The searched settings by "section.key".
    state : {"complete", "pruned", "running"}
        Interrupted trials are "running", too.
    epochs, seconds : float
        Spent on the training.
    """

    number: int
    settings: dict[str, Any]
    state: Literal["complete", "pruned", "running"]
    epochs: float = 0.0
    seconds: float = 0.0


class RunningTrial:
    """A trial in progress.   settings: the values to try.   number: from 1."""

    def __init__(self, study: Any, trial: Any, settings: dict[str, Any]) -> None:
        self._study, self._trial = study, trial
        self.settings = settings
        self.number: int = trial.number + 1
        self._last_moment = 0  # the last moment with a score

    def report(self, share: float, scores: DevScores, *, epochs: float, seconds: float) -> bool:
        """Record the progress of the trial and the scores that are selected so far; return whether to prune it."""
        moment = int(MOMENTS * min(1.0, share))
        for name, value in {**msgspec.structs.asdict(scores), "epochs": epochs, "seconds": seconds}.items():
            self._trial.set_user_attr(_attribute(name), value)
        for between in range(self._last_moment + 1, moment + 1):
            self._trial.report(scores.objective, between)
        self._last_moment = max(moment, self._last_moment)
        return bool(self._last_moment and self._trial.should_prune())

    def end(self, scores: DevScores | None) -> None:
        """Record the final scores of the trial, None if it was pruned."""
        pruned = importlib.import_module("optuna").trial.TrialState.PRUNED
        value, state = (None, pruned) if scores is None else (scores.objective, None)
        self._study.tell(self._trial, value, state=state)


class Study:
    """The trials in a folder.

    identity: must be equal for trials to be comparable.   parallel: several trials run at the same time.
    DependencyError: no optuna.   UsageError: the folder has trials of another identity.   OutputError.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], *, seed: int, parallel: bool = False) -> None:
        optuna = require()
        path = folder / NAME
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _repair(path)
            journal = optuna.storages.journal
            backend = journal.JournalFileBackend(str(path), lock_obj=journal.JournalFileOpenLock(str(path)))
            storage = optuna.storages.JournalStorage(backend)
            n_before = len(optuna.load_study(storage=storage, study_name="tune").trials) if path.stat().st_size else 0
            self._study = optuna.create_study(
                storage=storage, study_name="tune", direction="maximize", load_if_exists=True,
                # A new seed for each call: the same one would draw the same settings again.
                sampler=_sampler(optuna, seed + 1000 * n_before, parallel=parallel),
                pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST_PRUNED, n_warmup_steps=EARLIEST),
            )  # fmt: skip
        self._states = optuna.trial.TrialState
        then, now = self._study.user_attrs.get("identity"), json.loads(json.dumps(identity))
        if then is None:
            self._study.set_user_attr("identity", now)
        elif then != now:
            different = ", ".join(sorted(key for key in then.keys() | now if then.get(key) != now.get(key)))
            raise UsageError(
                f"{folder} has trials that cannot be compared (different: {different}); choose another --output"
            )
        self._redo_interrupted()

    def suggest_first(self, settings: Mapping[str, Any]) -> None:
        """Try these settings first."""
        if not self._study.trials:
            self._study.enqueue_trial(dict(settings))

    def ask(self, searched: Searched) -> RunningTrial:
        """Return the next trial."""
        trial = self._study.ask()
        return RunningTrial(
            self._study, trial, {name: _suggested(trial, name, values) for name, values in searched.items()}
        )

    @property
    def trials(self) -> list[Trial]:
        """The trials that have begun, in their order."""
        states = {self._states.COMPLETE: "complete", self._states.PRUNED: "pruned", self._states.RUNNING: "running"}
        return [
            Trial(
                number=trial.number + 1,
                settings=trial.params,
                state=states[trial.state],  # type: ignore[arg-type]
                **_recorded(trial.user_attrs),
            )
            for trial in self._study.trials
            if trial.state in states
        ]

    def trial(self, number: int) -> Trial:
        """Return the trial of this number."""
        return next(trial for trial in self.trials if trial.number == number)

    @property
    def spent_s(self) -> float:
        """Seconds of all trainings, including interrupted ones."""
        return float(sum(trial.user_attrs.get("seconds", 0.0) for trial in self._study.trials))

    @property
    def best(self) -> Trial | None:
        """The best complete trial."""
        complete = [trial for trial in self.trials if trial.state == "complete"]
        return max(complete, key=lambda trial: trial.objective, default=None)

    def _redo_interrupted(self) -> None:
        for trial in self._study.get_trials(states=(self._states.RUNNING,)):
            self._study.tell(trial.number, state=self._states.FAIL)
            self._study.enqueue_trial(trial.params)


def require() -> Any:
    """Return the module optuna.   DependencyError: it is not installed."""
    try:
        optuna: Any = importlib.import_module("optuna")
    except ImportError:
        raise DependencyError("tune needs the library optuna: pip install 'seqwright[tune]'") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _attribute(name: str) -> str:
    """Return the name in the journal of a score or another quantity of a trial."""
    return name.removeprefix("dev_")


def _recorded(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores and other quantities of a trial that the journal has."""
    names = {*DevScores.__struct_fields__, "epochs", "seconds"}
    return {name: attributes[_attribute(name)] for name in names if _attribute(name) in attributes}


def _sampler(optuna: Any, seed: int, *, parallel: bool) -> Any:
    """Return a sampler; for parallel trials, one that keeps away from the settings of those that run."""
    with warnings.catch_warnings():  # that the argument is experimental
        warnings.simplefilter("ignore")
        return optuna.samplers.TPESampler(seed=seed, constant_liar=parallel)


def _suggested(trial: Any, name: str, values: Range | tuple[Any, ...]) -> Any:
    if not isinstance(values, Range):
        return trial.suggest_categorical(name, values)
    if values.step:
        return trial.suggest_int(name, int(values.low), int(values.high), step=values.step)
    return trial.suggest_float(name, values.low, values.high, log=values.log)


def _repair(path: Path) -> None:
    """Remove an incomplete last line, left by a killed process, after which optuna would not read the file."""
    if path.exists() and not (data := path.read_bytes()).endswith(b"\n"):
        path.write_bytes(data[: data.rfind(b"\n") + 1])
