"""Accuracy with few pairs: random draws of a training file, the same for this version and for another one.

    python -m benchmarks.few --only hun,kor --sizes 100,300 --draws 1,2,3
    python -m benchmarks.few --only turkish --sizes 100,1000 --members 5
    python -m benchmarks.few --sizes 300 --joined            with the models of the folds
    python -m benchmarks.few --sizes 800 --unlabelled 3000   with sources that are not drawn, without their targets
    python -m benchmarks.few --baseline OTHER/bin/python     a Python with another version of seqwright

A training gets the drawn pairs alone, and no dev file, as a user with so many pairs would; the whole dev file, which no
training sees, is what accuracy is measured on. Each result is a JSON file in benchmarks/results/accuracy, found again
instead of repeated. Test sets are not read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import results
from benchmarks.accuracy import DATA
from benchmarks.tasks import TABLES, Task

__all__ = ["drawn", "main"]

TASKS = TABLES["g2p"] | TABLES["inflection"]
SIZES = {"turkish": (100, 1000)}
SCRIPT = Path(__file__).with_name("few_worker.py")


def main() -> None:
    """Parse the command line, run what is missing, print the table."""
    options = _options()
    rows = []
    for size in options.sizes or (100, 300, 800, 1000):
        for name in options.only or list(TASKS):
            if options.sizes or size in SIZES.get(name, (100, 300, 800)):
                found = [_run(name, size, draw, options, sys.executable, "now") for draw in options.draws]
                other = [_run(name, size, draw, options, options.baseline, "base") for draw in options.draws]
                rows.append((size, name, found, [one for one in other if one is not None]))
    _show(rows, options)


def drawn(name: str, task: Task, size: int, draw: int) -> list[str]:
    """Return `size` lines of the training file of a task, which depend on nothing but the arguments."""
    lines = sorted(set((DATA / task.train).read_text(encoding="utf-8").splitlines()))
    return lines if size >= len(lines) else random.Random(f"{name} {size} {draw}").sample(lines, size)


def undrawn(name: str, task: Task, size: int, draw: int, n: int) -> list[str]:
    """Return the sources of `n` other lines of the training file."""
    there = set((DATA / task.train).read_text(encoding="utf-8").splitlines()) - set(drawn(name, task, size, draw))
    sources = sorted({line.split("\t")[0] for line in there})
    return random.Random(f"{name} {size} {draw} sources").sample(sources, min(n, len(sources)))


def _run(
    name: str, size: int, draw: int, options: argparse.Namespace, python: str | None, version: str
) -> dict[str, Any] | None:
    """Return the result of one training, from its file or from making it; None without an interpreter and a file."""
    extra = f"-{hashlib.sha256(' '.join(options.settings).encode()).hexdigest()[:6]}" if options.settings else ""
    extra += f"-u{options.unlabelled}" if options.unlabelled else ""
    extra += "-joined" if options.joined else ""
    label = f"few-{version}-{name}-{size}-d{draw}-m{options.members}{'' if version == 'base' else extra}"
    found = results.find(label, "dev")
    if found is not None or python is None:
        return found
    task = TASKS[name]
    with tempfile.TemporaryDirectory() as folder:
        pairs = Path(folder, "pairs.tsv")
        pairs.write_text("\n".join(drawn(name, task, size, draw)) + "\n", encoding="utf-8")
        settings = [f"training.seed={draw}", f"training.members={options.members}"]
        settings += options.settings if version == "now" else []
        settings += ["training.keep_folds=true"] if options.joined and version == "now" else []
        if options.unlabelled and version == "now":
            words = Path(folder, "words.txt")
            words.write_text("\n".join(undrawn(name, task, size, draw, options.unlabelled)) + "\n", encoding="utf-8")
            settings.append(f"training.unlabelled={words}")
        job = {"pairs": str(pairs), "dev": str(DATA / str(task.dev)), "settings": settings, "output": folder + "/model"}
        job["joined"] = options.joined and version == "now"
        needs_folds = options.joined or bool(options.unlabelled)
        job["folds"] = version == "base" or needs_folds or not options.without_folds
        threads = dict.fromkeys(("SEQWRIGHT_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        made = subprocess.run(
            [python, str(SCRIPT), json.dumps(job)], stdout=subprocess.PIPE, check=True, env=os.environ | threads
        )
    result = {"task": name, "size": size, "draw": draw, "split": "dev"} | json.loads(made.stdout)
    print(label, result["wer"], result["seconds"], file=sys.stderr)
    results.keep(label, result)
    return dict(result)


def _show(
    rows: Sequence[tuple[int, str, list[dict[str, Any] | None], list[dict[str, Any]]]], options: argparse.Namespace
) -> None:
    table = Table(title=f"WER in % on dev, draws {options.draws}, networks: {options.members}")
    for title in ("pairs", "", "baseline", "±", "now", "±", "errors", "seconds"):
        table.add_column(title, justify="right")
    means: dict[int, list[tuple[float, float]]] = {}
    for size, name, found, other in rows:
        now = [one["wer"] for one in found if one]
        base = [one["wer"] for one in other]
        change = f"{100 * (statistics.mean(now) / statistics.mean(base) - 1):+.0f} %" if base else ""
        seconds = statistics.mean(one["seconds"] for one in found if one)
        table.add_row(str(size), name, *_mean(base), *_mean(now), change, f"{seconds:.0f}")
        if base and name != "turkish":
            means.setdefault(size, []).append((statistics.mean(base), statistics.mean(now)))
    for size, pairs in means.items():
        base_mean, now_mean = (statistics.mean(column) for column in zip(*pairs, strict=True))
        change = f"{100 * (now_mean / base_mean - 1):+.0f} %"
        table.add_row(str(size), f"mean of {len(pairs)}", f"{base_mean:.2f}", "", f"{now_mean:.2f}", "", change, "")
    Console().print(table)


def _mean(figures: Sequence[float]) -> tuple[str, str]:
    """Return mean and standard deviation as they are shown."""
    if not figures:
        return "", ""
    return f"{statistics.mean(figures):.2f}", f"{statistics.stdev(figures):.2f}" if len(figures) > 1 else ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def numbers(text: str) -> list[int]:
        return [int(one) for one in text.split(",")]

    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,…", help="some of the tasks")
    parser.add_argument("--sizes", type=numbers, metavar="N,…", help="pairs; by default those of each task")
    parser.add_argument("--draws", type=numbers, default=[1, 2, 3, 4, 5], metavar="N,…")
    parser.add_argument("--members", type=int, default=1, metavar="N")
    parser.add_argument("--without-folds", action="store_true", help="train the model of all pairs alone: the same WER")
    parser.add_argument("--joined", action="store_true", help="join the model with those of the folds")
    parser.add_argument("--unlabelled", type=int, default=0, metavar="N", help="sources without targets to train on")
    parser.add_argument("--baseline", metavar="PYTHON", help="interpreter with the version to compare with")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
