"""What the figures were measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

__all__ = ["Neighbours", "facts"]


def facts() -> dict[str, Any]:
    """Return the processor, what else it was doing, and the versions of all that was measured."""
    import numpy as np

    import seqwright
    from seqwright import kernels

    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": _version("torch"),
        "seqwright": seqwright.__version__,
        "kernels": kernels.description(),
    }


class Neighbours:
    """How much of this machine other processes use, from when it is made; for the honesty of a figure.

    A library whose threads wait for each other by spinning is slowed many times over by a neighbour on one core.
    """

    def __init__(self) -> None:
        self._busy, self._total, self._own = _processor_seconds()

    def share(self) -> float | None:
        """Return others' share of all processor time since then, that of the hypervisor included; None if unknown."""
        busy, total, own = _processor_seconds()
        passed = total - self._total
        return None if passed <= 0 else max(0.0, (busy - self._busy) - (own - self._own)) / passed


def _processor_seconds() -> tuple[float, float, float]:
    """Return the seconds of all cores since the start: busy, in all, and of them those of this process and its children
    that have ended.
    """
    try:
        fields = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()
    except OSError:
        return 0.0, 0.0, 0.0
    ticks = [int(field) for field in fields[1:9]]
    idle = ticks[3] + ticks[4]  # idle, iowait; the last of the eight is what the hypervisor gave to others
    per_second = os.sysconf("SC_CLK_TCK")
    own = os.times()
    used = own.user + own.system + own.children_user + own.children_system
    return (sum(ticks) - idle) / per_second, sum(ticks) / per_second, used


def _processor() -> str:
    """Return the name of the processor, with family and model, which virtual machines blur less than the name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    fields = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if ":" in line]))
    name = fields.get("model name", platform.processor() or "unknown")
    return f"{name} (family {fields.get('cpu family', '?')}, model {fields.get('model', '?')})"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
