"""Whether confidence distinguishes foreign text from the text of the task.

    python -m benchmarks.confidence                    three tasks, 12 epochs each
    python -m benchmarks.confidence --only fre --models DIR

A model is trained, and the smallest --min-confidence is found with which 95 % of the answers to dev sources that are
kept are right, or 0.5 where that is less. The same threshold is applied to the dev sources mixed with foreign text, all
answers to which count as wrong: words of another language in the same alphabet, random letters of the alphabet, letters
drawn as often as they occur, and another script. A column of a kind is how many of its answers are kept. The first row
of a task is of the calibration alone, without familiarity.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

import seqwright
from benchmarks import report
from benchmarks.accuracy import DATA
from seqwright import Translator, config
from seqwright.data import readers
from seqwright.metrics import group_references

__all__ = ["main"]

N_DEV = 1200  # sources
PRECISION = 0.95
LEAST = 0.5  # a lower threshold excludes nothing
OTHER_SCRIPT = "日本語文字語彙音韻"


class Task(NamedTuple):
    """files: pooled and split anew by source, for more dev sources.   foreign: files of the other language's words."""

    files: Sequence[str]
    foreign: Sequence[str]


TASKS = {
    "fre": Task(("g2p/fre.train.tsv", "g2p/fre.dev.tsv", "g2p/fre.test.tsv"), ("g2p/hun.train.tsv",)),
    "bul": Task(("g2p/bul.train.tsv", "g2p/bul.dev.tsv", "g2p/bul.test.tsv"), ("g2p/ady.train.tsv",)),
    "turkish": Task(
        ("turkish-inflection/train-high.tsv", "turkish-inflection/dev.tsv"), ("g2p/hun.train.tsv", "g2p/fre.train.tsv")
    ),
}


def main() -> None:
    """Parse the command line, train what is missing, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.confidence", description=__doc__)
    parser.add_argument("--only", default=",".join(TASKS), help="tasks, separated by commas")
    parser.add_argument("--models", type=Path, default=Path("confidence-models"), metavar="DIR")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write all figures")
    options = parser.parse_args()
    rows = []
    for name in options.only.split(","):
        rows += _rows(name, TASKS[name], options)
        print(name, "done", file=sys.stderr, flush=True)
    report.show("confidence", rows)
    if options.json:
        report.write(options.json, {"seqwright": seqwright.__version__, "epochs": options.epochs, "rows": rows})


def _rows(name: str, task: Task, options: argparse.Namespace) -> list[dict[str, Any]]:
    every = [pair for file in task.files for pair in readers.read_pairs(DATA / file)]
    sources = sorted({(pair.source, pair.features) for pair in every})
    random.Random(1).shuffle(sources)
    dev = set(sources[:N_DEV])
    training, held_out = ([p for p in every if ((p.source, p.features) in dev) == wanted] for wanted in (False, True))
    directory = options.models / name
    if directory.exists():
        model = seqwright.load(directory)
    else:
        settings = [f"training.epochs={options.epochs}", "training.report=false", f"training.dev_limit={N_DEV}"]
        model = seqwright.train(training, dev=held_out, output=directory, config=config.parse({}, settings))
    foreign = _foreign(task, training, [*dev])
    plain = _without_familiarity(model)
    return [
        {"task": name, "confidence": label} | _figures(one, held_out, foreign)
        for label, one in (("calibration alone", plain), ("with familiarity", model))
    ]


def _without_familiarity(model: Translator) -> Translator:
    calibration = {k: v for k, v in model.bundle.manifest["calibration"].items() if k != "familiarity"}
    return Translator(
        msgspec.structs.replace(model.bundle, manifest=model.bundle.manifest | {"calibration": calibration})
    )


def _foreign(
    task: Task, training: Sequence[readers.Pair], dev: Sequence[tuple[str, str]]
) -> dict[str, list[tuple[str, str]]]:
    """Return foreign sources of each kind, as many as there are dev sources, with the features of those."""
    rng = random.Random(2)
    letters = [letter for pair in training for letter in pair.source]
    alphabet, known = sorted(set(letters)), {pair.source for pair in training} | {source for source, _ in dev}
    words = {pair.source for file in task.foreign for pair in readers.read_pairs(DATA / file)} - known
    found = {
        "other language": rng.sample(sorted(words), len(dev)),
        "random letters": ["".join(rng.choices(alphabet, k=len(source))) for source, _ in dev],
        "frequent letters": ["".join(rng.choices(letters, k=len(source))) for source, _ in dev],
        "other script": ["".join(rng.choices(OTHER_SCRIPT, k=len(source))) for source, _ in dev],
    }
    return {kind: [(source, tags) for source, (_, tags) in zip(some, dev, strict=True)] for kind, some in found.items()}


def _figures(
    model: Translator, held_out: Sequence[readers.Pair], foreign: dict[str, list[tuple[str, str]]]
) -> dict[str, Any]:
    sources, references = group_references(held_out)
    said, confidence = _answers(model, sources)
    right = np.array([text in group for text, group in zip(said, references, strict=True)])
    order = np.argsort(-confidence, kind="stable")
    precise = np.nonzero(np.cumsum(right[order]) / np.arange(1, len(order) + 1) >= PRECISION)[0]
    threshold = max(LEAST, confidence[order][precise[-1]]) if len(precise) else 1.0
    kept = confidence >= threshold
    row: dict[str, Any] = {
        "dev_accuracy": round(100 * right.mean(), 1), "min_confidence": round(float(threshold), 3),
        "dev_kept": int(kept.sum()), "dev_precision": round(100 * right[kept].mean(), 1),
    }  # fmt: skip
    n_foreign = 0
    for kind, some in foreign.items():
        _, confidence = _answers(model, some)
        row[kind] = int((confidence >= threshold).sum())
        n_foreign += row[kind]
    row["mixture_precision"] = round(100 * right[kept].sum() / (kept.sum() + n_foreign), 1)
    return row


def _answers(model: Translator, sources: Sequence[tuple[str, str]]) -> tuple[list[str], Any]:
    texts, features = zip(*sources, strict=True)
    answers = model.answer(texts, features=features)
    return [answer.text for answer in answers], np.array([answer.confidence for answer in answers])


if __name__ == "__main__":
    main()
