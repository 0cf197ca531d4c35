"""Accuracy beside published systems: train with no options, score, and print the table.

    python -m benchmarks.accuracy g2p                  every language, on its dev set
    python -m benchmarks.accuracy g2p --only hun,kor --seeds 1,2,3
    python -m benchmarks.accuracy cmudict --split test --members 3
    python -m benchmarks.accuracy translation          BLEU and chrF; of sentences
    python -m benchmarks.accuracy readme               write what is there into the README

A run is a model and its score: a JSON file in benchmarks/results/accuracy, found again instead of repeated. Models are
kept in --models, so that an interrupted training goes on. The networks of an ensemble are the models of as many
seeds, joined: several calls with a seed each can train them side by side. Settings are chosen on dev sets; test is for
the end.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

import seqwright
from benchmarks import results
from benchmarks.tasks import TABLES, Task
from seqwright import bundle, config, ensembling, evaluation, kernels
from seqwright.data import readers
from seqwright.training.events import Measured

__all__ = ["main"]

REPOSITORY = Path(__file__).parents[1]
DATA = Path(os.environ.get("SEQWRIGHT_DATA", REPOSITORY.parent / "shared" / "data"))


def main() -> None:
    """Parse the command line, run what is missing, print the table."""
    options = _options()
    if options.table == "readme":
        readme = REPOSITORY / "README.md"
        readme.write_text(results.insert(readme.read_text(encoding="utf-8"), results.markdown()), encoding="utf-8")
        return
    tasks = TABLES[options.table]
    rows = []
    for name in options.only or list(tasks):
        runs = [_run(name, tasks[name], seed, options) for seed in options.seeds]
        rows.append((name, runs, tasks[name].others))
    _show(options, rows, sentences=all(tasks[name].sentences for name, _, _ in rows))


def _run(name: str, task: Task, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Return the result of one model, from its file or from making it."""
    label = results.label(name, members=options.members, seed=seed, extra=options.settings)
    settings = [f"training.seed={seed}", f"training.members={options.members}", *task.settings, *options.settings]
    found = results.find(label, options.split)
    if found is not None and (found["settings"], found["seqwright"]) == (settings, seqwright.__version__):
        return found
    folders = [_trained(name, task, seed + member, options) for member in range(options.members)]
    apart = [bundle.load(folder) for folder in folders]
    model = seqwright.Translator(ensembling.together(apart, names=[*map(str, folders)]) if apart[1:] else apart[0])
    result: dict[str, Any] = {
        "task": name, "split": options.split, "seed": seed, "members": options.members, "settings": settings,
        "seqwright": seqwright.__version__, "kernels": kernels.description(),
        "seconds": round(sum(map(_seconds, folders)), 1),
    }  # fmt: skip
    file = task.test if options.split == "test" else task.dev
    if file is not None:
        result |= _scores(model, DATA / file, sentences=task.sentences)
    elif options.members == 1:  # the dev pairs were held out of the training file, and only the training has seen them
        result |= {"wer": round(100 - model.bundle.manifest["scores"]["dev_accuracy"], 2)}
    else:
        raise SystemExit(f"{name} has no dev file to measure an ensemble on; add --split test")
    results.keep(label, result)
    return result


def _trained(name: str, task: Task, seed: int, options: argparse.Namespace) -> Path:
    """Return the directory of the model of one seed, which is trained if it is not there."""
    label = results.label(name, members=1, seed=seed, extra=options.settings)
    directory = options.models / label
    if bundle.exists(directory) and not (directory / "checkpoints").exists():
        return directory
    print(f"{label}: training", file=sys.stderr)
    settings = config.parse({}, [f"training.seed={seed}", *task.settings, *options.settings])
    dev = None if task.dev is None else DATA / task.dev
    seqwright.train(DATA / task.train, dev=dev, output=directory, config=settings, listen=_say)
    return directory


def _seconds(directory: Path) -> float:
    """Return how long a training took, from the last of its events."""
    return msgspec.json.decode((directory / "metrics.jsonl").read_bytes().splitlines()[-1])["elapsed_s"]


def _scores(model: seqwright.Translator, file: Path, *, sentences: bool) -> dict[str, Any]:
    """Return the scores on a file."""
    found = evaluation.evaluate(model, readers.read_pairs(file), bleu=sentences)
    scores: dict[str, Any] = {"wer": found.scores.wer, "ter": found.scores.ter}
    if found.sentences is not None and sentences:
        scores |= {"bleu": found.sentences.bleu, "chrf": found.sentences.chrf}
    rounded = {key: round(value, 2) for key, value in scores.items()} | {"n": found.scores.n}
    if found.sentences is not None and sentences:
        rounded |= {"signatures": [found.sentences.bleu_signature, found.sentences.chrf_signature]}
    return rounded


def _say(event: object) -> None:
    if not isinstance(event, Measured) or not event.best:
        return
    scores = f"WER {100 - event.dev_accuracy:.1f}"
    if event.dev_loss is not None:
        scores = f"perplexity {event.dev_perplexity:.1f}, BLEU {event.dev_bleu:.1f}, chrF {event.dev_chrf:.1f}"
    print(f"  epoch {event.epoch:.1f}: dev {scores}", file=sys.stderr)


def _show(
    options: argparse.Namespace, rows: Sequence[tuple[str, list[dict[str, Any]], dict[str, float]]], *, sentences: bool
) -> None:
    measures = ["bleu", "chrf"] if sentences else ["wer"]
    what = "BLEU and chrF" if sentences else "WER in %; others: on test"
    table = Table(title=f"{options.table}, {options.split}, {what}")
    table.add_column("")
    systems = list(dict.fromkeys(system for _, _, others in rows for system in others))
    for title in (*(column for m in measures for column in (m, "±")), "seconds", *systems):
        table.add_column(title, justify="right")
    for name, runs, others in rows:
        cells = [cell for m in measures for cell in _mean(run[m] for run in runs)]
        seconds = f"{statistics.mean(run['seconds'] for run in runs):.0f}"
        table.add_row(name, *cells, seconds, *(f"{others[s]:.2f}" if s in others else "" for s in systems))
    if len(rows) > 1 and not sentences:
        by_seed = zip(*([run["wer"] for run in runs] for _, runs, _ in rows), strict=True)
        columns = zip(*(others.values() for _, _, others in rows), strict=True)
        means = [f"{statistics.mean(column):.2f}" for column in columns]
        table.add_section()
        table.add_row("mean", *_mean(statistics.mean(wers) for wers in by_seed), "", *means)
    Console().print(table)


def _mean(figures: Iterable[float]) -> tuple[str, str]:
    """Return mean and standard deviation as they are shown."""
    found = list(figures)
    return f"{statistics.mean(found):.2f}", f"{statistics.stdev(found):.2f}" if len(found) > 1 else ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=[*TABLES, "readme"])
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,…", help="some rows of the table")
    parser.add_argument("--split", choices=["dev", "test"], default="dev")
    parser.add_argument("--seeds", type=lambda text: [int(s) for s in text.split(",")], default=[1], metavar="N,…")
    parser.add_argument("--members", type=int, default=1, metavar="N")
    parser.add_argument("--models", type=Path, default=Path("accuracy-models"), metavar="DIR")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
