"""The result of `seqwright join` as text."""

from __future__ import annotations

from collections.abc import Sequence

from seqwright.cli import scores as texts
from seqwright.ensembling import Joined

__all__ = ["as_text"]


def as_text(done: Joined, models: Sequence[str]) -> str:
    """Return the path, and the exact match of each model and of the ensemble.   models: their names."""
    lines = [f"{done.output}: an ensemble of {done.n_networks} networks"]
    if done.together is None:
        lines.append(f"exact match: not measured, because {done.missing}; give pairs with --data")
    else:
        measured = [*zip(models, done.alone, strict=True), ("ensemble", done.together)]
        lines.append(f"exact match on {done.together.n:,} sources:")
        lines += [f"  {scores.exact:6.2f} %  {name}" for name, scores in measured]
        if done.seen is not None and done.seen.n != 0:
            lines.append(texts.seen_text(done.seen, done.together.n))
        if done.seen is not None and done.seen.n:
            lines.append("confidence: not fitted, which takes sources that no model was trained on")
    return "\n".join(lines)
