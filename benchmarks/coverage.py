"""How often the 95 % intervals of cross-validation and of `suggest` hold the true accuracy, over many small trainings.

    python -m benchmarks.coverage cross-validation --draws 40
    python -m benchmarks.coverage suggest --draws 60 --size 300

A draw has `--size` pairs of a training file, of the languages in turn. The true accuracy is that on the sources that
are not drawn: for `suggest`, on those of a list of 1,000 of them that were not chosen. Each result is a JSON file in
benchmarks/results/accuracy, found again instead of repeated.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.accuracy import DATA
from benchmarks.few import TASKS, drawn
from seqwright import config, evaluation, suggestion, training
from seqwright.data import readers

__all__ = ["main"]

LANGUAGES = ("hun", "kor", "bul", "gre")
SETTINGS = ["model.hidden_size=64", "model.embedding_size=32", "training.report=false"]  # small: many are trained
LISTED = 1000  # sources of a list to choose from
OTHERS = 3000  # sources of the true accuracy of a cross-validation, at most


def main() -> None:
    """Parse the command line, run what is missing, print how many intervals hold the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cross-validation", "suggest"])
    parser.add_argument("--draws", type=int, default=40, metavar="N")
    parser.add_argument("--size", type=int, default=200, metavar="N", help="pairs")
    parser.add_argument("--folds", type=int, default=10, metavar="K")
    parser.add_argument("--epochs", type=int, default=15, metavar="N")
    options = parser.parse_args()
    found = [_draw(draw, options) for draw in range(options.draws)]
    held = [one["low"] <= one["true"] <= one["high"] for one in found]
    below = sum(one["true"] < one["low"] for one in found)
    bias = sum(one["estimate"] - one["true"] for one in found) / len(found)
    width = sum(one["high"] - one["low"] for one in found) / len(found)
    print(
        f"{options.what}: {sum(held)} of {len(held)} intervals hold the true accuracy, {below} are above it; "
        f"estimate - truth {bias:+.1f} points, mean width {width:.1f} points"
    )


def _draw(draw: int, options: argparse.Namespace) -> dict[str, Any]:
    """Return estimate, interval and true accuracy of a draw in percent, from its file or from a training."""
    folds = f"-k{options.folds}" if options.what == "cross-validation" else ""
    label = f"coverage-{options.what}-{options.size}-e{options.epochs}{folds}-d{draw}"
    if found := results.find(label, "train"):
        return found
    name = LANGUAGES[draw % len(LANGUAGES)]
    lines = drawn(name, TASKS[name], options.size, draw)
    others = sorted(set((DATA / TASKS[name].train).read_text(encoding="utf-8").splitlines()) - set(lines))
    random.Random(draw).shuffle(others)
    with tempfile.TemporaryDirectory() as folder:
        pairs = Path(folder, "pairs.tsv")
        pairs.write_text("\n".join(lines) + "\n", encoding="utf-8")
        measure = _cross_validated if options.what == "cross-validation" else _suggested
        result = measure(pairs, [readers.Pair(*line.split("\t")[:2]) for line in others], options, draw)
    result |= {"task": name, "draw": draw, "split": "train"}
    print(label, result, flush=True)
    results.keep(label, result)
    return result


def _cross_validated(pairs: Path, others: list[readers.Pair], options: argparse.Namespace, draw: int) -> dict[str, Any]:
    settings = [*SETTINGS, f"training.seed={draw}", f"training.epochs={options.epochs}"]
    given = config.parse({}, [*settings, f"training.cross_validation={options.folds}"])
    model = training.train(pairs, output=pairs.with_name("model"), config=given)
    scores = model.bundle.manifest["cross_validation"]
    true = evaluation.evaluate(model, others[:OTHERS]).scores
    return {
        "estimate": scores["accuracy"], "low": scores["low"], "high": scores["high"], "true": true.exact,
        "n": scores["n"], "folds": scores["folds"],
    }  # fmt: skip


def _suggested(pairs: Path, others: list[readers.Pair], options: argparse.Namespace, draw: int) -> dict[str, Any]:
    given = config.parse({}, [*SETTINGS, f"training.seed={draw}", f"training.epochs={options.epochs}"])
    model = training.train(pairs, output=pairs.with_name("model"), config=given)
    listed = others[:LISTED]
    found = suggestion.suggest(model, [pair.source for pair in listed])
    chosen = {one.source for one in found.chosen}
    true = evaluation.evaluate(model, [pair for pair in listed if pair.source not in chosen]).scores
    whole = evaluation.evaluate(model, listed).scores
    low, high = found.interval
    return {
        "estimate": found.accuracy, "low": low, "high": high, "true": true.exact, "whole": whole.exact,
        "n_dev": model.bundle.manifest["calibration"]["n"],
    }  # fmt: skip


if __name__ == "__main__":
    main()
