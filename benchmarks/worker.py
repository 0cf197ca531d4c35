"""The process in which one benchmark runs with one number of threads: `python -m benchmarks.worker NAME '{options}'`.

It writes a JSON object a line to standard output: {"row": …}, or {"facts": …}.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["run"]

PEERS = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime", "onnx": "ONNX Runtime"}


def run(name: str, options: dict[str, Any], *, threads: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the results of benchmark `name`, run in a fresh process in which every library uses `threads` threads."""
    import subprocess

    environment = dict(os.environ)
    if threads is not None:
        variables = ("SEQWRIGHT_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment |= dict.fromkeys(variables, str(threads))
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.worker", name, json.dumps(options)],
        stdout=subprocess.PIPE, env=environment, cwd=Path(__file__).parents[1], encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdout is not None, "it is a pipe"
        yield from map(json.loads, process.stdout)
    if process.returncode:
        raise SystemExit(f"benchmark {name} ended with code {process.returncode}")


def main(name: str, options: dict[str, Any]) -> None:
    """Run one benchmark here."""
    if name == "facts":
        from benchmarks import machine

        print(json.dumps({"facts": machine.facts()}))
        return
    try:
        measure = importlib.import_module(f"benchmarks.{name}").measure
        for row in measure(**options):
            print(json.dumps({"row": row}), flush=True)
    except ModuleNotFoundError as error:
        if error.name not in PEERS:
            raise
        raise SystemExit(f"the benchmarks compare with {PEERS[error.name]}: pip install seqwright[bench]") from None


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
