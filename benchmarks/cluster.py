"""`predict --ray` on a cluster of two workers with one thread each, beside one process with two threads.

    python -m benchmarks.cluster MODEL --words 10000000 --beam 1 --json benchmarks/results/cluster.json

Both answer the same generated file of words, in turns, from start to last byte; the cluster runs before the clock
starts, its workers do not. The answers must be equal. Memory is that of all processes of a party, with shared pages
counted once.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, timing
from seqwright import load

GOAL = 0.85
SHORTEST, LONGEST = 3, 12  # symbols of a word
PORTION = 100_000
EVERY_S = 1.0  # between two readings of the memory


def main() -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--words", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, cluster() as (address, raylets):
        row = measured(given.model, given.words, given.rounds, given.beam, Path(folder), address, raylets)
    text = json.dumps({"benchmark": "cluster", "machine": machine.facts(), "rows": [row]}, indent=2) + "\n"
    print(text)
    if given.json:
        given.json.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def cluster() -> Iterator[tuple[str, list[int]]]:
    """Start a cluster of two nodes with a processor each; yield its address and the processes of its nodes."""
    from ray import cluster_utils

    os.environ.setdefault("RAY_worker_niceness", "0")  # by default other work on this machine has precedence
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 10**8}
    made = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    made.add_node(num_cpus=1, object_store_memory=10**8)
    try:
        nodes = made.list_all_nodes()
        yield made.address, [process.process.pid for node in nodes for process in node.all_processes["raylet"]]
    finally:
        made.shutdown()


def measured(
    model: str, n: int, rounds: int, beam: int, folder: Path, address: str, raylets: list[int]
) -> dict[str, Any]:
    """Return the figures of both parties."""
    words, plain, parts = folder / "words.txt", folder / "plain.txt", folder / "parts"
    write(words, model, n)
    command = [sys.executable, "-m", "seqwright", "predict", model, str(words), "--beam", str(beam), "--quiet"]
    neighbours: list[float] = []  # while the plain process runs: the workers of a cluster would count as others
    seconds: dict[str, list[float]] = {"plain": [], "ray": []}
    peaks: dict[str, list[float]] = {"plain": [], "ray": []}
    for turn in range(rounds):
        output, others = parts / str(turn), machine.Neighbours()
        with plain.open("wb") as stream:
            run("plain", [*command, "--threads", "2"], stream, [], seconds, peaks)
        neighbours.append(others.share() or 0.0)
        run("ray", [*command, "--threads", "1", "--ray", address, "-o", str(output)], None, raylets, seconds, peaks)
        compare(plain, output, n)
    return {
        "figure": f"{n:,} words, beam {beam}, two workers of one thread and one process of two threads",
        "plain_s": timing.spread(seconds["plain"]),
        "ray_s": timing.spread(seconds["ray"]),
        "plain_words_per_s": n / min(seconds["plain"]),
        "ray_words_per_s": n / min(seconds["ray"]),
        "ratio": timing.ratio(seconds["plain"], seconds["ray"]),
        "goal": GOAL,
        "plain_peak_mb": timing.spread(peaks["plain"]),
        "ray_peak_mb": timing.spread(peaks["ray"]),
        "neighbours_share": timing.spread(neighbours),
    }


def write(path: Path, model: str, n: int) -> None:
    """Write words of random symbols that the model knows."""
    symbols = [one for one in load(model).bundle.source.vocabulary.symbols if len(one) == 1 and one.isalnum()]
    rng = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as stream:
        for first in range(0, n, PORTION):
            lengths = rng.integers(SHORTEST, LONGEST + 1, min(PORTION, n - first))
            letters = iter(rng.choice(symbols, int(lengths.sum())).tolist())
            stream.writelines("".join(itertools.islice(letters, int(length))) + "\n" for length in lengths)


def run(
    party: str, command: list[str], stream: Any, others: list[int],
    seconds: dict[str, list[float]], peaks: dict[str, list[float]],
) -> None:  # fmt: skip
    """Run a command, and append its time and the peak of its memory.   others: further processes that it uses."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=stream)
    ended, found = threading.Event(), [0.0]

    def look() -> None:
        while not ended.wait(EVERY_S):
            found[0] = max(found[0], sum(map(proportional_mb, family([process.pid, *others]))))

    watcher = threading.Thread(target=look)
    watcher.start()
    code = process.wait()
    seconds[party].append(time.perf_counter() - began)
    ended.set()
    watcher.join()
    peaks[party].append(found[0])
    assert code == 0, f"{command} ended with {code}"


def family(ancestors: list[int]) -> set[int]:
    """Return these processes and all that descend from them."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found = set(ancestors)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def proportional_mb(pid: int) -> float:
    """Return the memory of a process, its part of shared pages included; 0 if it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def compare(plain: Path, parts: Path, n: int) -> None:
    """Check that both have the same answers, one for each word."""
    lines = (line for path in sorted(parts.glob("words*.txt")) for line in path.open("rb"))
    with plain.open("rb") as answers:
        same = sum(line.partition(b"\t")[2] == answer for line, answer in zip(lines, answers, strict=True))
    assert same == n, f"{same:,} of {n:,} answers are equal"


if __name__ == "__main__":
    main()
