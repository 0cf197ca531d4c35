"""Curves and dev examples of a training for TensorBoard, in `tensorboard/` of the model directory.

The steps of the curves are training pairs, so trainings with different batch sizes share an axis. Each member of an
ensemble is a run. A resumed training discards the events after its checkpoint.
"""

from __future__ import annotations

from pathlib import Path

from seqwright.training.event_file import EventFile
from seqwright.training.events import Begun, Event, Measured, Progressed, Resumed, Returned, Started
from seqwright.training.output import writing

__all__ = ["TensorBoard"]

DENSITY = 500


class TensorBoard:
    """A listener that writes event files in `folder`.   OutputError: they cannot be written.

    A point of the progress is written when the elapsed time has grown by the factor 1 + 1 / `DENSITY` since the last
    one: at most about 1,300 points in the first ten minutes and 4,700 in a week.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = self._run = folder
        self._file: EventFile | None = None
        self._n_pairs = 1
        self._written_s = 0.0  # time of the last point of the progress
        self._resumed_at: int | None = None  # the step from which the next run continues

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._n_pairs = event.n_pairs
        elif isinstance(event, Resumed):
            self._resumed_at = self._step(event.epoch)
        elif isinstance(event, Begun):
            self._run, self._file = self._folder / f"member-{event.member}", None
        elif isinstance(event, Progressed | Measured | Returned):
            with writing(self._run):
                self._file = self._file or self._opened()
                self._write(event, self._file)

    def _write(self, event: Progressed | Measured | Returned, file: EventFile) -> None:
        step = self._step(event.epoch)
        if isinstance(event, Progressed):
            if self._written_s <= event.elapsed_s < self._written_s * (1 + 1 / DENSITY):
                return
            self._written_s = event.elapsed_s
            curves = {
                "training/loss": event.loss,
                "training/rate": event.rate,
                "speed/pairs_per_s": event.pairs_per_s,
                "speed/tokens_per_s": event.tokens_per_s,
            }
            if event.resident_bytes is not None:
                curves["memory/resident_mb"] = event.resident_bytes / 1e6
            file.scalars(step, curves)
        elif isinstance(event, Measured):
            curves = {
                "dev/accuracy": event.dev_accuracy,
                "dev/token_error_rate": event.dev_ter,
                "training/loss_between_measurements": event.loss,
            }
            of_sentences = {"dev/loss": event.dev_loss, "dev/bleu": event.dev_bleu, "dev/chrf": event.dev_chrf}
            file.scalars(step, curves | {name: value for name, value in of_sentences.items() if value is not None})
            if event.examples:
                file.text(step, "dev/examples", table(event))
        else:
            file.scalars(step, {"training/skipped_steps": event.skipped})

    def _opened(self) -> EventFile:
        """Return a new file of the run; files of an earlier training are removed, unless this one is resumed."""
        resumed_at, self._resumed_at = self._resumed_at, None
        if resumed_at is None:
            for old in self._run.glob("*.tfevents.*"):
                old.unlink()
        file = EventFile(self._run)
        if resumed_at is not None:
            file.restart(resumed_at + 1)
        return file

    def _step(self, epoch: float) -> int:
        return round(epoch * self._n_pairs)


def table(event: Measured) -> str:
    """Return the dev examples as a table in Markdown."""
    rows = [(e.source, e.answer, "right" if e.right else f"wrong: {e.reference}") for e in event.examples]
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [["source", "answer", ""], ["---"] * 3, *cells])
