"""Accuracy beside published systems: train with no options, score, and print the table.

    python -m benchmarks.accuracy g2p                  every language, on its dev set
    python -m benchmarks.accuracy g2p --only hun,kor --seeds 1,2,3
    python -m benchmarks.accuracy cmudict --split test --members 3

A run is a training and its score: a JSON file in benchmarks/results/accuracy, found again instead of repeated. Models
are kept in --models, so that an interrupted training goes on. Settings are chosen on dev sets; test is for the end.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

import seqwright
from seqwright import config, evaluation, kernels
from seqwright.data import readers
from seqwright.training.events import Measured

__all__ = ["main"]

DATA = Path(os.environ.get("SEQWRIGHT_DATA", Path(__file__).parents[2] / "shared" / "data"))
RESULTS = Path(__file__).parent / "results" / "accuracy"


class Task(NamedTuple):
    """Files below the data directory, and the WER in % that others report on the test set."""

    train: str
    dev: str | None  # None: held out of the training file, by source
    test: str | None
    published: dict[str, float]


def _g2p(language: str, lstm: float, cluzh: float, ims: float) -> Task:
    files = (f"g2p/{language}.{split}.tsv" for split in ("train", "dev", "test"))
    return Task(*files, {"LSTM": lstm, "CLUZH single": cluzh, "IMS ensemble": ims})


# SIGMORPHON 2020: Gorman et al. 2020, tables 2 and 3. CMUdict: the README of g2p-seq2seq; Toshniwal & Livescu 2016.
# Turkish: the regression values of Yoyodyne 0.5.
TABLES = {
    "g2p": {
        "ady": _g2p("ady", 28.00, 30.32, 25.33),
        "bul": _g2p("bul", 31.11, 30.81, 22.22),
        "fre": _g2p("fre", 6.22, 8.12, 6.89),
        "gre": _g2p("gre", 18.89, 19.60, 18.67),
        "hun": _g2p("hun", 5.33, 4.77, 5.11),
        "jpn": _g2p("jpn", 7.56, 7.19, 5.33),
        "kor": _g2p("kor", 46.89, 28.26, 26.22),
        "vie": _g2p("vie", 4.67, 1.60, 1.56),
    },
    "cmudict": {
        "cmudict": Task(
            "cmudict/train.tsv", None, "cmudict/test.tsv",
            {"LSTM 2×512": 23.3, "Toshniwal single": 21.69, "Transformer": 20.6, "Toshniwal, five": 20.24},
        )
    },
    "inflection": {
        "turkish": Task(
            "turkish-inflection/train-medium.tsv", "turkish-inflection/dev.tsv", None,
            {"soft attention": 15.9, "pointer-generator": 13.7, "transformer": 10.6},
        )
    },
    "dates": {"dates": Task("date/train.tsv", None, "date/test.tsv", {"dot attention": 0.0})},
    "addition": {"addition": Task("addition/train.tsv", None, "addition/test.tsv", {"reversed, peeky": 1.4})},
}  # fmt: skip


def main() -> None:
    """Parse the command line, run what is missing, print the table."""
    options = _options()
    tasks = TABLES[options.table]
    names = options.only or list(tasks)
    rows = []
    for name in names:
        runs = [_run(name, tasks[name], seed, options) for seed in options.seeds]
        rows.append((name, runs, tasks[name].published))
    _show(options, rows)


def _run(name: str, task: Task, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """Return the result of one training, from its file or from doing it."""
    label = f"{name}-m{options.members}-s{seed}"
    settings = [f"training.seed={seed}", f"training.members={options.members}", *options.settings]
    path = RESULTS / f"{label}-{options.split}.json"
    if path.exists():
        found = json.loads(path.read_text())
        if found["settings"] == settings and found["seqwright"] == seqwright.__version__:
            return found
    directory = options.models / label
    dev = None if task.dev is None else DATA / task.dev
    began = time.monotonic()
    if (directory / "config.json").exists() and not (directory / "checkpoints").exists():
        model = seqwright.load(directory)
    else:
        print(f"{label}: training", file=sys.stderr)
        model = seqwright.train(
            DATA / task.train, dev=dev, output=directory, config=config.parse({}, settings), listen=_say
        )
    result: dict[str, object] = {
        "task": name, "split": options.split, "seed": seed, "members": options.members, "settings": settings,
        "seqwright": seqwright.__version__, "kernels": kernels.description(),
        "seconds": round(time.monotonic() - began, 1),
        "dev_wer_greedy": round(100 - model.bundle.manifest["scores"]["dev_accuracy"], 2),
    }  # fmt: skip
    file = task.test if options.split == "test" else task.dev
    if file is not None:
        scores = evaluation.evaluate(model, readers.read_pairs(DATA / file)).scores
        result |= {"wer": round(scores.wer, 2), "ter": round(scores.ter, 2), "n": scores.n}
    else:  # the dev pairs were held out of the training file, and only the training has seen them
        result |= {"wer": result["dev_wer_greedy"]}
    RESULTS.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    return result  # type: ignore[return-value]


def _say(event: object) -> None:
    if isinstance(event, Measured) and event.best:
        print(f"  epoch {event.epoch:.1f}: dev WER {100 - event.dev_accuracy:.1f}", file=sys.stderr)


def _show(options: argparse.Namespace, rows: Sequence[tuple[str, list[dict[str, float]], dict[str, float]]]) -> None:
    table = Table(title=f"{options.table}, {options.split} WER in %; published figures are on test")
    table.add_column("")
    for title in ("seqwright", "±", "seconds", *rows[0][2]):
        table.add_column(title, justify="right")
    means, published = [], []
    for name, runs, others in rows:
        wers = [run["wer"] for run in runs]
        means.append(statistics.mean(wers))
        published.append(list(others.values()))
        spread = f"{statistics.stdev(wers):.2f}" if len(wers) > 1 else ""
        seconds = f"{statistics.mean(run['seconds'] for run in runs):.0f}"
        table.add_row(name, f"{means[-1]:.2f}", spread, seconds, *(f"{value:.2f}" for value in others.values()))
    if len(rows) > 1:
        table.add_section()
        columns = (statistics.mean(column) for column in zip(*published, strict=True))
        table.add_row("mean", f"{statistics.mean(means):.2f}", "", "", *(f"{value:.2f}" for value in columns))
    Console().print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,…", help="some rows of the table")
    parser.add_argument("--split", choices=["dev", "test"], default="dev")
    parser.add_argument("--seeds", type=lambda text: [int(s) for s in text.split(",")], default=[1], metavar="N,…")
    parser.add_argument("--members", type=int, default=1, metavar="N")
    parser.add_argument("--models", type=Path, default=Path("accuracy-models"), metavar="DIR")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
