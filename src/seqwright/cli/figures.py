"""The comparison of a teacher and its student as text."""

from __future__ import annotations

from seqwright.cli.quantities import megabytes
from seqwright.distillation import Distilled, Figures

__all__ = ["as_text"]


def as_text(found: Distilled) -> str:
    """Return a table with a row for each model, and the ratios of speed and size."""
    faster = found.student.sources_per_s / found.teacher.sources_per_s
    space = found.student.n_bytes / found.teacher.n_bytes
    share = f"1/{1 / space:.1f} of" if space < 1 else f"{space:.1f} times"
    seen = "The teacher was not evaluated: the dev sources are, or may be, among its training data."
    return "\n".join(
        [
            "       dev exact match       TER   networks   parameters       size   sources/s",
            row("teacher", found.teacher),
            row("student", found.student),
            f"The student is {faster:.1f} times as fast, and its weights take {share} the space.",
            *([seen] if found.teacher.dev_accuracy is None else []),
        ]
    )


def row(name: str, f: Figures) -> str:
    size = megabytes(f.n_bytes) if f.n_bytes >= 1e7 else f"{f.n_bytes / 1e6:.2f} MB"
    accuracy, ter = ("–" if rate is None else f"{rate:.2f} %" for rate in (f.dev_accuracy, f.dev_ter))
    return (
        f"{name}    {accuracy:>11}  {ter:>8}   {f.members:8}   {f.n_parameters:10,}   "
        f"{size:>8}   {f.sources_per_s:9,.0f}"
    )
