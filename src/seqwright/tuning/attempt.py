"""The trainings of trials: what each trains, how its measurements are reported, and how it ends."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import msgspec

from seqwright.config import Config
from seqwright.errors import SeqwrightError, TrainingError
from seqwright.training import recipe
from seqwright.training.checkpoint import Position
from seqwright.training.events import Measured
from seqwright.training.output import writing
from seqwright.training.prepare import Prepared
from seqwright.training.task import Step, Task
from seqwright.tuning.study import DevScores, RunningTrial

__all__ = ["Attempt"]


class Attempt:
    """The training of a trial.

    config: with the settings of the trial.   most_s: the seconds that it may take.
    folder: for its checkpoint, which other processes continue from; None for no checkpoint.
    """

    def __init__(
        self, trial: RunningTrial, prepared: Prepared, config: Config, *, most_s: float, folder: Path | None
    ) -> None:
        own = config.training.time_budget_s  # of all members; a trial trains one network
        part_s = most_s if own is None else min(most_s, own / config.training.members)
        limited = msgspec.structs.replace(config.training, time_budget_s=part_s)
        complete = recipe.complete(
            msgspec.structs.replace(config, text=prepared.config.text, training=limited), prepared.traits
        )
        assert complete.training.epochs is not None, "set by the recipe"
        self.trial = trial
        self._most_s, self._epochs = most_s, complete.training.epochs
        self._position = Position()
        directory = None
        if folder is not None:  # named after the settings, since a trial that is interrupted gets another number
            settings = hashlib.sha256(json.dumps(trial.settings, sort_keys=True).encode()).hexdigest()
            directory = (folder / settings[:16]).absolute()
            with writing(directory):
                directory.mkdir(parents=True, exist_ok=True)
        self.task: Task = Task(config=complete, directory=directory, identity={"settings": trial.settings})

    def prunes(self, step: Step) -> bool:
        """Report a step, and return whether to end the trial."""
        event, self._position = step
        if not isinstance(event, Measured):
            return False
        share = max(event.epoch / self._epochs, event.elapsed_s / self._most_s)
        scores = _selected(step.position)
        is_worse = self.trial.report(share, scores, epochs=event.epoch, seconds=event.elapsed_s)
        return is_worse and not step.position.reason

    def end(self, error: SeqwrightError | None, *, pruned: bool) -> None:
        """Record the end of the trial; one whose loss was not finite, or whose workers were lost, counts as pruned."""
        if error is not None and not isinstance(error, TrainingError):
            raise error
        self.trial.end(None if pruned or error is not None else _selected(self._position))
        if self.task.directory is not None:
            shutil.rmtree(self.task.directory, ignore_errors=True)


def _selected(at: Position) -> DevScores:
    """Return the scores of the parameters that are selected."""
    return DevScores(
        measure=at.best_measure or "exact",
        dev_accuracy=at.best_exact, dev_ter=at.best_ter,
        dev_loss=at.best_loss, dev_bleu=at.best_bleu, dev_chrf=at.best_chrf,
    )  # fmt: skip
