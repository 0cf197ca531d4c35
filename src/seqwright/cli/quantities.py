"""Formatting of quantities for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["clock", "megabytes", "sparkline"]


def clock(seconds: float) -> str:
    """Return a duration as 0:59 or 1:00:00."""
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"


def megabytes(n_bytes: int | None) -> str:
    """Return a size in megabytes (10⁶ bytes), "" if it is unknown."""
    return "" if n_bytes is None else f"{n_bytes / 1e6:,.0f} MB"


def sparkline(values: Sequence[float], *, width: int, levels: str = "▁▂▃▄▅▆▇█") -> str:
    """Return a curve of at most `width` characters, scaled from the minimum to the maximum of the values.

    levels: characters from low to high.   If there are more values than characters, each character shows the last
    value of its interval, so that the curve ends with the latest value. Values that are not finite are drawn lowest.
    """
    n = min(len(values), width)
    kept = [values[(i + 1) * len(values) // n - 1] for i in range(n)]
    finite = [value for value in kept if abs(value) < float("inf")]
    low, high = min(finite, default=0), max(finite, default=0)
    top = len(levels) - 1
    shares = [(value - low) / (high - low) if low <= value <= high and high > low else 0 for value in kept]
    return "".join(levels[round(share * top)] for share in shares)
