"""Display of the trials of a hyperparameter search: lines and progress while it runs, a table at its end."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from rich.console import Console
from rich.live import Live
from rich.table import Table

from seqwright.cli import program, progress
from seqwright.cli.quantities import clock
from seqwright.training.events import Event, Progressed
from seqwright.tuning import Trial, Tried, Trying, Tuned

__all__ = ["listening", "show"]

WIDTH = 120  # of the table if standard output is not a terminal


@contextlib.contextmanager
def listening() -> Iterator[Callable[[Event | Trying | Tried], None]]:
    """Return a context manager whose value is a listener that displays the events of a search on standard error.

    A line is written when a trial begins or ends. A terminal shows the progress of the trial that runs, too.
    """
    console = Console(stderr=True, highlight=False)
    running: set[int] = set()

    def write(line: str) -> None:
        console.print(line.rstrip(), markup=False, soft_wrap=True)

    def listen(event: Event | Trying | Tried) -> None:
        reading.close()
        if isinstance(event, Trying):
            running.add(event.number)
            settings = "  ".join(f"{short(name)} {written(value)}" for name, value in event.settings.items())
            write(f"trial {event.number:3}   {settings}")
        elif isinstance(event, Tried):
            trial = event.trial
            running.discard(trial.number)
            live.update("")
            end = "best so far" if event.best else "pruned" if trial.state == "pruned" else ""
            scores = "   ".join(f"{name} {score}" for name, score in dev_scores(trial).items())
            write(f"trial {trial.number:3}   dev {scores}   {trial.epochs:.1f} epochs   {clock(trial.seconds)}   {end}")
        elif isinstance(event, Progressed) and console.is_terminal:
            live.start()  # unless it is started
            name = f"trial {min(running):3}" if len(running) == 1 else f"one of {len(running)} trials"
            live.update(f"{name}   {event.share:4.0%}, {clock(event.left_s)} left", refresh=True)

    with contextlib.ExitStack() as reading:
        reading.enter_context(progress.busy("reading the pairs"))
        live = Live(console=console, auto_refresh=False, transient=True)
        try:
            yield listen
        finally:
            live.stop()


def show(found: Tuned, pairs: Sequence[str]) -> None:
    """Print a table of all trials, best first, and the command that trains with the best settings."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    scores, settings = list(dev_scores(found.best)), list(found.best.settings)
    table = Table(box=None)
    for title in ("trial", *scores, "epochs", "time", *map(short, settings), ""):
        table.add_column(title, justify="right")
    for trial in sorted(found.trials, key=rank):
        table.add_row(*cells(trial, scores, settings), style="bold" if trial == found.best else "")
    console.print(table)
    files = " ".join(map(shlex.quote, pairs))
    command = f"{program.name()} train {files} --config {shlex.quote(str(found.path))}"
    console.print(f"\n{len(found.trials)} trials; the settings of the best {criterion(found.best.measure)} on the dev "
                  f"set are in {found.path}:\n{command}", markup=False, soft_wrap=True)  # fmt: skip


def rank(trial: Trial) -> tuple[bool, float]:
    return trial.state != "complete", -trial.objective


def dev_scores(trial: Trial) -> dict[str, str]:
    """Return the dev scores by name, the one that trials are compared by first."""
    if trial.measure == "exact":
        return {"exact match": f"{trial.dev_accuracy:5.1f} %", "TER": f"{trial.dev_ter:5.1f} %"}
    scores = {"chrF": trial.dev_chrf, "BLEU": trial.dev_bleu, "loss": trial.dev_loss}
    return {name: f"{score:.{3 if name == 'loss' else 1}f}" for name, score in scores.items() if score is not None}


def criterion(measure: Literal["exact", "loss", "chrF"]) -> str:
    """Return the name of the measure that trials are compared by."""
    if measure == "loss":
        return "loss (the answers are too poor for chrF)"
    return "chrF" if measure == "chrF" else "exact match"


def cells(trial: Trial, scores: Sequence[str], settings: Sequence[str]) -> list[str]:
    found = dev_scores(trial)
    figures = [*(found.get(name, "–").strip() for name in scores), f"{trial.epochs:.1f}", clock(trial.seconds)]
    values = [written(trial.settings.get(name, "")) for name in settings]
    return [str(trial.number), *figures, *values, "" if trial.state == "complete" else trial.state]


def short(name: str) -> str:
    return name.partition(".")[2]


def written(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)
