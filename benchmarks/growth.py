"""How time and memory grow with the problem: one size grows, the others stay; a log–log table with slopes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from benchmarks import worker

__all__ = ["measure", "slopes"]

VALUES = {
    "T": (6, 12, 24, 48, 96),
    "B": (8, 32, 128, 512),
    "H": (64, 128, 256, 512),
    "V": (500, 2000, 8000, 32_000),
    "pairs": (12_500, 50_000, 200_000, 800_000),
}


def measure(*, steps: int, only: list[str], threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each value of each size in `only`; of all, if it is empty. Each has a process of its own."""
    for axis in only or VALUES:
        if axis not in VALUES:
            raise SystemExit(f"--only {axis}: no such size; there are {', '.join(VALUES)}")
        before: dict[str, Any] = {}
        for value in VALUES[axis]:
            arguments = {"axis": axis, "value": value, "steps": steps, "threads": threads}
            for message in worker.run("growth_point", arguments, threads=threads):
                row = message["row"]
                yield row | (slopes(before, row) if before else {})
                before = row


def slopes(before: dict[str, Any], row: dict[str, Any]) -> dict[str, float]:
    """Return the slopes from one point to the next: d log time, and d log memory, ÷ d log value."""
    further = math.log(row["value"] / before["value"])
    grown = [
        name for name in ("ms", "mb") if min(before[name], row[name]) > 0
    ]  # the first steps may need no new memory
    return {f"slope_{name}": math.log(row[name] / before[name]) / further for name in grown}
