"""How many pairs `seqwright suggest` saves: pairs that it chose, beside as many or more that were drawn at random.

    python -m benchmarks.suggest --only hun,kor --draws 1

Both begin with the same `--begin` pairs of a training file. The one grows by `--step` pairs at a time, whose sources
the model of the step before chose among all other sources of the file, up to `--end`; the other has `--random` pairs.
The targets are those of the file. WER is measured on the whole dev file, which no training and no choice sees. Each
result is a JSON file in benchmarks/results/accuracy, found again instead of repeated. Test sets are not read.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import results
from benchmarks.accuracy import DATA
from benchmarks.tasks import TABLES, Task
from seqwright import config, evaluation, suggestion, training
from seqwright.data import readers

__all__ = ["main", "reached", "sizes"]

TASKS = TABLES["g2p"]

Lines = Mapping[str, Sequence[str]]  # lines of each source


def main() -> None:
    """Parse the command line, run what is missing, print the table."""
    options = _options()
    grown = sizes(options.begin, options.step, options.end)
    chosen: list[list[float]] = []
    drawn: list[float] = []
    table = Table(title=f"WER in % on dev, draws {options.draws}")
    for title in ("", *map(str, grown), f"random {options.random}"):
        table.add_column(title, justify="right")
    for name in options.only or list(TASKS):
        wers = [_suggested(name, draw, grown, options) for draw in options.draws]
        others = [_random(name, draw, options.random, options) for draw in options.draws]
        chosen += wers
        drawn += others
        means = [statistics.mean(column) for column in zip(*wers, strict=True)]
        table.add_row(name, *(f"{mean:.2f}" for mean in means), f"{statistics.mean(others):.2f}")
    means = [statistics.mean(column) for column in zip(*chosen, strict=True)]
    table.add_row("mean", *(f"{mean:.2f}" for mean in means), f"{statistics.mean(drawn):.2f}")
    Console().print(table)
    found = reached(grown, means, statistics.mean(drawn))
    print(f"as good as {options.random} random pairs with {'more' if found is None else f'{found:.0f}'} chosen ones")


def sizes(begin: int, step: int, end: int) -> list[int]:
    """Return the numbers of pairs from the first to the last."""
    return [*range(begin, end, step), end]


def reached(grown: Sequence[int], wers: Sequence[float], goal: float) -> float | None:
    """Return the number of pairs with which a WER is first reached, linear between sizes; None if it is not."""
    if wers[0] <= goal:
        return grown[0]
    for n in range(1, len(grown)):
        if wers[n] <= goal:
            share = (wers[n - 1] - goal) / (wers[n - 1] - wers[n])
            return grown[n - 1] + share * (grown[n] - grown[n - 1])
    return None


def _suggested(name: str, draw: int, grown: Sequence[int], options: argparse.Namespace) -> list[float]:
    """Return the WER of each size, of which each but the first has the sources that the model before it chose."""
    by_source = _by_source(TASKS[name])
    known, wers = _shuffled(name, by_source, draw)[: options.begin], []
    for size, following in zip(grown, [*grown[1:], grown[-1]], strict=True):
        label = f"suggest-{options.label}{name}-{size}-b{options.begin}-s{options.step}-d{draw}"
        found = results.find(label, "dev")
        if found is None:
            found = _trained(name, by_source, known, draw, n=options.step, options=options)
            found |= {"size": size}
            _keep(label, found)
        wers.append(found["wer"])
        known = [*known, *found["chosen"][: following - size]]  # best first
    return wers


def _random(name: str, draw: int, size: int, options: argparse.Namespace) -> float:
    """Return the WER of random pairs, the first of which are those that the other way begins with."""
    label = f"suggest-random-{name}-{size}-d{draw}"
    found = results.find(label, "dev")
    if found is None:
        by_source = _by_source(TASKS[name])
        known = _shuffled(name, by_source, draw)[:size]
        found = _trained(name, by_source, known, draw, n=0, options=options) | {"size": size}
        _keep(label, found)
    return float(found["wer"])


def _trained(
    name: str, by_source: Lines, known: Sequence[str], draw: int, *, n: int, options: argparse.Namespace
) -> dict[str, Any]:
    """Return the scores of a training on some sources, and n others that the model chose."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = Path(folder, "pairs.tsv")
        pairs.write_text("".join(f"{line}\n" for source in known for line in by_source[source]), encoding="utf-8")
        settings = [f"training.seed={draw}", "training.report=false", *options.settings]
        model = training.train(pairs, output=Path(folder, "model"), config=config.parse({}, settings))
        scores = evaluation.evaluate(model, readers.read_pairs(str(DATA / str(TASKS[name].dev)))).scores
        others = sorted(set(by_source) - set(known))
        chosen = [one.source for one in suggestion.suggest(model, others, n=n).chosen] if n else []
    return {
        "task": name, "draw": draw, "split": "dev", "settings": settings, "n_sources": len(known),
        "wer": round(scores.wer, 2), "ter": round(scores.ter, 2), "n": scores.n, "chosen": chosen,
    }  # fmt: skip


def _by_source(task: Task) -> dict[str, list[str]]:
    """Return the lines of each source of the training file."""
    found: dict[str, list[str]] = {}
    for line in sorted(set((DATA / task.train).read_text(encoding="utf-8").splitlines())):
        found.setdefault(line.split("\t")[0], []).append(line)
    return found


def _shuffled(name: str, by_source: Lines, draw: int) -> list[str]:
    sources = sorted(by_source)
    random.Random(f"{name} {draw} suggest").shuffle(sources)
    return sources


def _keep(label: str, result: dict[str, Any]) -> None:
    print(label, result["wer"], file=sys.stderr, flush=True)
    results.keep(label, result)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,…", help="some of the languages")
    parser.add_argument("--draws", type=lambda text: [int(one) for one in text.split(",")], default=[1], metavar="N,…")
    parser.add_argument("--begin", type=int, default=200, metavar="N", help="pairs at first")
    parser.add_argument("--step", type=int, default=100, metavar="N", help="pairs to add at a time")
    parser.add_argument("--end", type=int, default=750, metavar="N", help="pairs at last")
    parser.add_argument("--random", type=int, default=1000, metavar="N", help="random pairs to compare with")
    parser.add_argument("--label", default="", help="beginning of the names of the results by choice")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
