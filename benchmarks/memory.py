"""Peak memory of a training run, each party in a fresh process that never loads the other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import shapes

__all__ = ["measure"]


def measure(*, party: str, steps: int, only: list[str], threads: int) -> Iterator[dict[str, Any]]:
    """Yield the peak memory of this process, in MB, after some steps of one party: "ours" or "torch"."""
    for shape in shapes.chosen(only):
        net, batch = shape.network(), shape.batch()
        if party == "torch":
            from benchmarks import peer

            theirs, ids = peer.Training(peer.network(net)), peer.batch(net, net.inputs(*batch))
            del net
            for _ in range(steps):
                theirs.step(ids)
        else:
            import seqwright

            optimizer = seqwright.Adam()
            for _ in range(steps):
                net.loss(batch.source, batch.source_lengths, batch.target, batch.target_lengths)
                net.backward()
                optimizer.update(net.params, net.grads)
        yield {"shape": shape.name, "threads": threads, "mb": peak_mb()}


def peak_mb() -> float:
    """Return the greatest resident size so far, in MB (10⁶ bytes).

    Linux: VmHWM of this program; ru_maxrss there also counts the process that started it, before exec.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    except (OSError, StopIteration):
        import resource  # absent on Windows

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
