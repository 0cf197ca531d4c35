"""Milliseconds a word of a model in ONNX Runtime, by the client that an export writes, beside ours; and equal texts.

    python -m benchmarks.exported MODEL SOURCES [--words N] [--rounds N]

SOURCES has one source a line; features after a tab. Both have one thread and answer the same words: one a call, and 64
a call. The exports are made in a temporary directory.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import seqwright
from benchmarks import timing
from seqwright import exporters, kernels

TOGETHER = (1, 64)  # words a call
Call = Callable[[list[str], list[str], int], list[str]]


def client(directory: Path) -> Call:
    """Return the prediction of an exported model."""
    described = importlib.util.spec_from_file_location("exported_client", directory / "predict.py")
    assert described is not None and described.loader is not None
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    model = module.Model(directory, threads=1, batch=max(TOGETHER))
    return lambda sources, features, beam: model.predict(sources, features, beam=beam)


def ours(directory: Path) -> Call:
    """Return our prediction."""
    model = seqwright.load(directory)
    return lambda sources, features, beam: [
        found[0].text if found else "" for found in model.predict(sources, features=features, beam=beam)
    ]


def measure(model: Path, sources: list[str], features: list[str], *, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each beam and number of words a call."""
    with tempfile.TemporaryDirectory() as folder:
        parties = {"ours": ours(model)}
        for precision in ("float32", "float16", "int8"):
            exporters.export_onnx(model, Path(folder) / precision, precision=precision)
            parties[precision] = client(Path(folder) / precision)
        rows = []
        for beam in (1, 5):
            texts = {name: party(sources, features, beam) for name, party in parties.items()}
            same = {
                name: sum(a == b for a, b in zip(texts["ours"], other, strict=True)) for name, other in texts.items()
            }
            for n in TOGETHER:
                turns = {
                    name: timing.Turn(_calls(party, sources, features, beam, n)) for name, party in parties.items()
                }
                seconds = timing.interleaved(turns, rounds=rounds)
                row: dict[str, Any] = {"beam": beam, "together": n, "words": len(sources), "same_text": same}
                row |= {f"{name}_ms": timing.spread(s, 1e3 / len(sources)) for name, s in seconds.items()}
                rows.append(row | {"ratio": timing.ratio(seconds["float32"], seconds["ours"])})
        return rows


def _calls(party: Call, sources: list[str], features: list[str], beam: int, n: int) -> Callable[[], None]:
    def run() -> None:
        for first in range(0, len(sources), n):
            party(sources[first : first + n], features[first : first + n], beam)

    return run


def main() -> None:
    """Print a row of JSON for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--words", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    kernels.set_threads(1)
    rows = [line.split("\t") for line in given.sources.read_text("utf-8").splitlines()[: given.words]]
    features = [";".join(row[1:2]) for row in rows]
    for row in measure(given.model, [row[0] for row in rows], features, rounds=given.rounds):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
