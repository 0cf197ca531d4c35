"""Display of the trials of a hyperparameter search: lines while it runs, a table at its end."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from seqwright.cli import program
from seqwright.cli.quantities import clock
from seqwright.training.events import Event
from seqwright.tuning import Trial, Tried, Trying, Tuned

__all__ = ["show", "tell"]

WIDTH = 120  # of the table if standard output is not a terminal


def tell(event: Event | Trying | Tried) -> None:
    """Write a line to standard error when a trial begins or ends."""
    if isinstance(event, Trying):
        settings = "  ".join(f"{short(name)} {written(value)}" for name, value in event.settings.items())
        print(f"trial {event.number:3}   {settings}", file=sys.stderr, flush=True)
    elif isinstance(event, Tried):
        trial = event.trial
        end = "best so far" if event.best else "pruned" if trial.state == "pruned" else ""
        line = (
            f"            dev exact match {trial.dev_accuracy:5.1f} %   TER {trial.dev_ter:5.1f} %   "
            f"{trial.epochs:.1f} epochs   {clock(trial.seconds)}   {end}"
        )
        print(line.rstrip(), file=sys.stderr, flush=True)


def show(found: Tuned, pairs: Sequence[str]) -> None:
    """Print a table of all trials, best first, and the command that trains with the best settings."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    names = list(found.best.settings)
    table = Table(box=None)
    for title in ("trial", "exact match", "TER", "epochs", "time", *map(short, names), ""):
        table.add_column(title, justify="right")
    for trial in sorted(found.trials, key=rank):
        table.add_row(*cells(trial, names), style="bold" if trial == found.best else "")
    console.print(table)
    files = " ".join(map(shlex.quote, pairs))
    command = f"{program.name()} train {files} --config {shlex.quote(str(found.path))}"
    console.print(f"\n{len(found.trials)} trials; the best settings are in {found.path}:\n{command}",
                  markup=False, soft_wrap=True)  # fmt: skip


def rank(trial: Trial) -> tuple[bool, float, float]:
    return trial.state != "complete", -trial.dev_accuracy, trial.dev_ter


def cells(trial: Trial, names: Sequence[str]) -> list[str]:
    figures = [f"{trial.dev_accuracy:.1f} %", f"{trial.dev_ter:.1f} %", f"{trial.epochs:.1f}", clock(trial.seconds)]
    settings = [written(trial.settings.get(name, "")) for name in names]
    return [str(trial.number), *figures, *settings, "" if trial.state == "complete" else trial.state]


def short(name: str) -> str:
    return name.partition(".")[2]


def written(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)
