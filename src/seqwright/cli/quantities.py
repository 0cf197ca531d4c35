"""How quantities are written on a screen."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["clock", "megabytes", "sparkline"]


def clock(seconds: float) -> str:
    """Return a length of time as 0:59 or 1:00:00."""
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"


def megabytes(n_bytes: int | None) -> str:
    """Return memory in megabytes of 10⁶ bytes; nothing where it is not known."""
    return "" if n_bytes is None else f"{n_bytes / 1e6:,.0f} MB"


def sparkline(values: Sequence[float], *, width: int, levels: str = "▁▂▃▄▅▆▇█") -> str:
    """Return a curve of at most `width` characters, from the least value to the greatest.

    levels: characters for low to high.   Where there are more values than characters, each stands for the last one of
    its part, so that the end of the curve is the latest value. Values that are not finite stand lowest.
    """
    n = min(len(values), width)
    kept = [values[(i + 1) * len(values) // n - 1] for i in range(n)]
    finite = [value for value in kept if abs(value) < float("inf")]
    low, high = min(finite, default=0), max(finite, default=0)
    top = len(levels) - 1
    shares = [(value - low) / (high - low) if low <= value <= high and high > low else 0 for value in kept]
    return "".join(levels[round(share * top)] for share in shares)
