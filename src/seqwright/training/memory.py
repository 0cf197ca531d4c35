"""The memory of this process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["resident_bytes"]


def resident_bytes() -> int | None:
    """Return the resident bytes of this process: the present ones on Linux, the peak on macOS, None elsewhere."""
    if sys.platform == "linux":
        try:
            return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:  # a container may hide /proc
            return None
    elif sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes there, in KiB elsewhere
    else:
        return None
