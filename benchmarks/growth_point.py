"""One point of `benchmarks.growth`, in a process of its own: the time and the memory with one size changed.

A step is forward, backward and Adam; its memory is what the process needs above that before the first step. Of pairs,
it is what preparing a file of them and reading an epoch need.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import seqwright
from benchmarks import data, machine, memory
from benchmarks.shapes import Shape
from seqwright import config
from seqwright.training.prepare import prepare

__all__ = ["measure"]

BASE = Shape("base", 1000, 128, 256, 32, 12, 12, bidirectional=True, attention=True, goals={})


def measure(*, axis: str, value: int, steps: int, threads: int) -> Iterator[dict[str, Any]]:
    """Yield one point: the time, and the memory, with `value` in the place of one size."""
    neighbours = machine.Neighbours()
    seconds, mb = _pairs(value) if axis == "pairs" else _steps(axis, value, steps)
    yield {"axis": axis, "value": value, "threads": threads, "ms": 1e3 * seconds, "mb": mb} | {
        "neighbours_share": neighbours.share()
    }


def _steps(axis: str, value: int, steps: int) -> tuple[float, float]:
    """Return the seconds of the median step, and the megabytes that steps need."""
    shape = BASE._replace(**({"T": value, "S": value} if axis == "T" else {axis: value}))
    net, batch, adam, found = shape.network(), shape.batch(), seqwright.Adam(), []
    before_mb = memory.peak_mb()
    for _ in range(steps + 1):
        began = time.perf_counter()
        net.loss(*batch)
        net.backward()
        adam.update(net.params, net.grads)
        found.append(time.perf_counter() - began)
    return statistics.median(found[1:]), memory.peak_mb() - before_mb


def _pairs(n: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.tsv"
        data.write(path, n)
        before_mb, began = memory.peak_mb(), time.perf_counter()
        examples = prepare(path, None, config.Config()).examples
        for _ in data.epoch(examples, 0):
            pass
        return time.perf_counter() - began, memory.peak_mb() - before_mb
