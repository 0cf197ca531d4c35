"""Measure seqwright beside PyTorch and the limits of this machine; print a table and, with --json, write JSON.

This process starts the others and imports none of what is measured, so that it neither warms nor fattens them.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import growth, imports, report, timing, worker

STEPS = {
    "train": 30, "parts": 20, "growth": 10, "generate": 40, "predict": 20, "kernels": 20, "import": 20, "memory": 10,
    "data": 20,
}  # fmt: skip
QUIET = 0.05  # share of the machine that neighbours may use before a warning
THIRD = "bi+attention-256"


def main() -> None:
    """Parse the command line, run one benchmark, report."""
    options = _options()
    facts = next(worker.run("facts", {}))["facts"]
    rows: list[dict[str, Any]] = []
    for row in _rows(options):
        rows.append(row)
        print(*(value for value in row.values() if isinstance(value, str | int)), "done", file=sys.stderr, flush=True)
    report.show(options.benchmark, rows, caption=" · ".join(f"{key}: {value}" for key, value in facts.items()))
    busy = max((row.get("neighbours_share") or 0.0 for row in rows), default=0.0)
    if busy > QUIET:
        print(
            f"Other processes used up to {busy:.0%} of this machine: measure again when it is quiet (see the README)."
        )
    if options.json:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        settings = {"benchmark": options.benchmark, "steps": options.steps, "threads": options.threads}
        report.write(options.json, {"time": now, **settings, "machine": facts, "rows": rows})


def _rows(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    steps = options.steps
    if options.benchmark == "import":
        yield from imports.measure(steps=steps)
        return
    if options.benchmark == "data":
        for message in worker.run("data", {"steps": steps, "only": options.only}, threads=1):
            yield message["row"]
        return
    for threads in options.threads:
        if options.benchmark == "growth":
            yield from growth.measure(steps=steps, only=options.only, threads=threads)
            continue
        if options.benchmark == "memory":
            yield from _memory(steps, options.only or [THIRD], threads)
            continue
        arguments = {"steps": steps, "threads": threads}
        if options.benchmark == "predict":
            arguments["model"] = str(options.model.absolute())
        elif options.benchmark != "generate":
            arguments["only"] = options.only
        name = "real" if options.real else options.benchmark
        if options.whole:
            name = "whole"
            del arguments["steps"]
        for message in worker.run(name, arguments, threads=threads):
            yield message["row"]


def _memory(steps: int, only: list[str], threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each shape from three processes of each party, in turns."""
    for shape in only:
        peaks: dict[str, list[float]] = {"ours": [], "torch": []}
        for _ in range(3):
            for party, found in peaks.items():
                arguments = {"party": party, "steps": steps, "only": [shape], "threads": threads}
                found += [message["row"]["mb"] for message in worker.run("memory", arguments, threads=threads)]
        yield {
            "shape": shape,
            "threads": threads,
            "ours_mb": timing.spread(peaks["ours"]),
            "torch_mb": timing.spread(peaks["torch"]),
            "ratio": timing.ratio(peaks["torch"], peaks["ours"]),
            "goal": 2.0 if shape == THIRD else None,
        }


def _options() -> argparse.Namespace:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmark", choices=STEPS)
    parser.add_argument("--threads", default=",".join(map(str, sorted({1, cores}))), help="numbers of threads: 1,2")
    parser.add_argument("--steps", type=int, help="interleaved rounds; a figure to be quoted needs 20")
    parser.add_argument(
        "--only", default="", help="shapes, trainings, kernels, sizes, or numbers of pairs, separated by commas"
    )
    parser.add_argument("--real", action="store_true", help="for train: steps as `seqwright train` takes them")
    parser.add_argument("--whole", action="store_true", help="for train: real trainings from first step to last")
    parser.add_argument("--model", type=Path, metavar="DIR", help="for predict: a trained model, its data still there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write all figures")
    options = parser.parse_args()
    options.threads = [int(n) for n in options.threads.split(",")]
    options.only = [name for name in options.only.split(",") if name]
    if options.benchmark == "predict" and options.model is None:
        parser.error("predict needs --model DIR")
    if (options.real or options.whole) and options.benchmark != "train":
        parser.error("--real and --whole are options of train")
    options.steps = options.steps or STEPS[options.benchmark]
    return options


if __name__ == "__main__":
    main()
