"""Results of trainings as JSON, so that a long table can be made in several sittings, and their place in the README."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from benchmarks.tasks import LINES, TABLES, Line

__all__ = ["BEGIN", "END", "FOLDER", "find", "insert", "keep", "label", "markdown"]

FOLDER = Path(__file__).parent / "results" / "accuracy"
BEGIN, END = "<!-- accuracy: python -m benchmarks.accuracy readme -->", "<!-- /accuracy -->"


def label(name: str, *, members: int, seed: int, extra: Sequence[str] = ()) -> str:
    """Return what a training is called; extra: settings that the table does not have."""
    other = f"-{hashlib.sha256(' '.join(extra).encode()).hexdigest()[:6]}" if extra else ""
    return f"{name}-m{members}-s{seed}{other}"


def find(name: str, split: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """Return the result of a training that is called so, None if there is none."""
    path = folder / f"{name}-{split}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def keep(name: str, result: dict[str, Any], folder: Path = FOLDER) -> None:
    """Write a result."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    (folder / f"{name}-{result['split']}.json").write_text(text, encoding="utf-8")


def markdown(folder: Path = FOLDER) -> list[str]:
    """Return the README's table: of each line what is there, on test where that was run, else on dev."""
    rows = [row for line in LINES for split in ("test", "dev") if (row := _row(line, split, folder))]
    shown: dict[str, str] = {}
    for title, row in rows:
        shown.setdefault(title, row)
    return ["| data | measured on | seqwright | others | command |", "|---|---|---|---|---|", *shown.values()]


def insert(readme: str, table: Sequence[str]) -> str:
    """Return the text with the table between its two marker comments."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"the README has no place for the table; put these two lines there: {BEGIN} {END}")
    return "\n".join([before + BEGIN, *table, END + after])


def _row(line: Line, split: str, folder: Path) -> tuple[str, str] | None:
    """Return title and row of a line, None where a result is missing."""
    tasks = {name: task for name, task in TABLES[line.table].items() if not line.only or name in line.only}
    seeds, arguments = _seeds(tasks, line.members, split, folder)
    if not seeds:
        return None
    sentences = all(task.sentences for task in tasks.values())
    figures = ", ".join(_figure(key, seeds) for key in (["bleu", "chrf"] if sentences else ["wer"]))
    names = next(iter(tasks.values())).others
    means = {name: statistics.mean(task.others[name] for task in tasks.values()) for name in names}
    others = ", ".join(f"{name} {value:.2f}" for name, value in means.items())
    only = f" --only {','.join(line.only)}" if line.only else ""
    on = f" --split {split}" if split != "dev" else ""
    command = f"python -m benchmarks.accuracy {line.table}{only}{on}{arguments}"
    return line.title, f"| {line.title} | {split} | {figures} | {others or 'none'} | `{command}` |"


def _seeds(tasks: Collection[str], members: int, split: str, folder: Path) -> tuple[list[list[dict[str, Any]]], str]:
    """Return the results of all tasks for each seed, and the arguments that give them."""
    found = {
        seed: these
        for seed in range(1, 11)
        if all(these := [find(label(name, members=members, seed=seed), split, folder) for name in tasks])
    }
    seeds = f" --seeds {','.join(map(str, found))}" if len(found) > 1 else ""
    return list(found.values()), (f" --members {members}" if members > 1 else "") + seeds


def _figure(key: str, seeds: Sequence[Sequence[dict[str, Any]]]) -> str:
    """Return the mean over tasks and seeds, with the spread of the seeds where there are several."""
    means = [statistics.mean(result[key] for result in results) for results in seeds]
    spread = f" ± {statistics.stdev(means):.2f}" if len(means) > 1 else ""
    return f"{_NAMES[key]} {statistics.mean(means):.2f}{spread}"


_NAMES = {"wer": "WER", "bleu": "BLEU", "chrf": "chrF"}
