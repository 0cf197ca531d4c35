"""The command `seqwright predict`, whole: 100,000 words from start to last byte, and one word from a cold start."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import machine, timing
from seqwright import Translator, load
from seqwright.report import recovery

__all__ = ["measure"]

WORDS = 100_000
ROUNDS = 3  # of all the words: they take half a minute
COMMAND = [sys.executable, "-m", "seqwright", "predict"]
NUMPY = [sys.executable, "-c", "import numpy"]


def measure(*, steps: int, threads: int, model: str) -> Iterator[dict[str, Any]]:
    """Yield a row for the rate of the command beside that in memory, and one for the cold start."""
    translator = load(model)
    words = _words(translator)
    with tempfile.TemporaryDirectory() as folder:
        source, answers = Path(folder) / "words.txt", Path(folder) / "answers.txt"
        source.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
        yield {"figure": f"{WORDS:,} words, beam 5", "threads": threads} | _rates(
            translator, model, words, source, answers
        )
    yield {"figure": "cold start, one word", "threads": threads} | _cold_start(model, words[0], steps)


def _words(translator: Translator) -> list[str]:
    """Return the sources that the model was trained on, again and again."""
    found = recovery.recover(translator.bundle)
    sources = [pair.source for split in found.splits for pair in split.pairs]
    if not sources:
        raise SystemExit(f"the model's words are not to be found: {found.missing}")
    return list(itertools.islice(itertools.cycle(sources), WORDS))


def _rates(translator: Translator, model: str, words: list[str], source: Path, answers: Path) -> dict[str, Any]:
    peaks: list[float] = []

    def command() -> None:
        with answers.open("wb") as stream:
            process = subprocess.Popen([*COMMAND, model, str(source), "--quiet"], stdout=stream)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
        assert process.returncode == 0, f"{COMMAND} ended with {process.returncode}"
        peaks.append(usage.ru_maxrss * 1024 / 1e6)  # no less than what this process held when it started the other

    def in_memory() -> None:
        for _ in translator.predict_iter(words):
            pass

    neighbours = machine.Neighbours()
    seconds: dict[str, list[float]] = {"command": [], "in_memory": []}
    for _ in range(ROUNDS):
        for name, run in (("command", command), ("in_memory", in_memory)):
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    assert answers.read_bytes().count(b"\n") == WORDS, "an answer for each word"
    return {
        "command_s": timing.spread(seconds["command"]),
        "in_memory_s": timing.spread(seconds["in_memory"]),
        "ratio": timing.ratio(seconds["in_memory"], seconds["command"]),
        "goal": 0.8,
        "peak_mb": timing.spread(peaks),
        "goal_mb_at_most": 300,
        "neighbours_share": neighbours.share(),
    }


def _cold_start(model: str, word: str, steps: int) -> dict[str, Any]:
    line = f"{word}\n".encode()
    neighbours = machine.Neighbours()
    seconds = timing.interleaved(
        {
            "command": lambda: subprocess.run([*COMMAND, model], input=line, capture_output=True, check=True),
            "numpy": lambda: subprocess.run(NUMPY, check=True),
        },
        rounds=steps,
    )
    beyond = [a - b for a, b in zip(seconds["command"], seconds["numpy"], strict=True)]
    return {
        "command_s": timing.spread(seconds["command"]),
        "numpy_s": timing.spread(seconds["numpy"]),
        "beyond_numpy_s": timing.spread(beyond),
        "goal_s_at_most": 0.5,
        "neighbours_share": neighbours.share(),
    }
