"""Data beyond memory: what its preparation takes, and how fast its batches come beside those of data in memory."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, memory, timing
from seqwright import config
from seqwright.data import batches
from seqwright.training.prepare import prepare

__all__ = ["measure"]

LARGE = 10_000_000
SMALL = 100_000
BATCH = 128
MAX_TOKENS = 65_536
CHUNK = 100_000


def measure(*, steps: int, only: list[str]) -> Iterator[dict[str, Any]]:
    """Yield a row for each number of pairs in `only`: 10,000,000 unless others are named.

    A turn iterates over 100,000 pairs in batches: an epoch of the small data, a piece of an epoch of the large.
    """
    for n in map(int, only or [LARGE]):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            yield _measured(Path(folder), n, steps)


def _measured(folder: Path, n: int, steps: int) -> dict[str, Any]:
    small, large = folder / "small.tsv", folder / "large.tsv"
    write(small, SMALL)
    write(large, n)
    neighbours = machine.Neighbours()
    began = time.perf_counter()
    data = prepare(large, None, config.Config()).examples
    prepared_s = time.perf_counter() - began
    prepared_mb = memory.peak_mb()
    began = time.perf_counter()
    data = prepare(large, None, config.Config()).examples
    again_s = time.perf_counter() - began
    began = time.perf_counter()
    seen = sum(len(batch.index) for batch in epoch(data, 0))
    epoch_s = time.perf_counter() - began
    assert seen == len(data), f"{seen} of {len(data)} pairs were read in an epoch"
    began = time.perf_counter()
    next(epoch(data, 0, skip=len(data) // BATCH - 2))
    skip_s = time.perf_counter() - began
    peak_mb = memory.peak_mb()  # before the small data is in memory

    few = prepare(small, None, config.Config()).examples
    stream = itertools.chain.from_iterable(epoch(data, seed) for seed in itertools.count())
    n_batches = sum(1 for _ in epoch(few, 0))
    seconds = timing.interleaved(
        {
            "small": lambda: sum(len(batch.index) for batch in epoch(few, 1)),
            "large": lambda: sum(len(batch.index) for batch in itertools.islice(stream, n_batches)),
        },
        rounds=steps,
    )
    return {
        "pairs": n,
        "text_mb": large.stat().st_size / 1e6,
        "prepare_s": prepared_s,
        "prepare_again_s": again_s,
        "skip_an_epoch_s": skip_s,
        "epoch_pairs_per_s": seen / epoch_s,
        "prepare_peak_mb": prepared_mb,
        "peak_mb": peak_mb,
        "peak_goal_mb": 1000,
        "small_ms": timing.spread(seconds["small"], 1e3),
        "large_ms": timing.spread(seconds["large"], 1e3),
        "ratio": timing.ratio(seconds["small"], seconds["large"]),
        "goal": 0.9,
        "neighbours_share": neighbours.share(),
    }


def epoch(data: batches.Examples, seed: int, *, skip: int = 0) -> Iterator[batches.Batch]:
    rng = np.random.default_rng(seed)
    return batches.batches(data, batch_size=BATCH, rng=rng, max_tokens=MAX_TOKENS, skip=skip)


def write(path: Path, n: int) -> None:
    """Write n pairs of a random word of 4 to 11 letters and its reverse."""
    rng = np.random.default_rng(1)
    with path.open("wb") as stream:
        for first in range(0, n, CHUNK):
            count = min(CHUNK, n - first)
            letters = rng.integers(ord("a"), ord("z") + 1, size=(count, 11), dtype=np.uint8).tobytes()
            lengths = rng.integers(4, 12, size=count).tolist()
            words = (letters[11 * row : 11 * row + length] for row, length in enumerate(lengths))
            stream.write(b"".join(b"%s\t%s\n" % (word, word[::-1]) for word in words))
