"""What a join wrote, in words."""

from __future__ import annotations

from collections.abc import Sequence

from seqwright.ensembling import Joined

__all__ = ["as_text"]


def as_text(done: Joined, models: Sequence[str]) -> str:
    """Return where it is, and how often each model and all together are right; models: what they are called."""
    lines = [f"{done.output}: {done.n_networks} networks that answer together"]
    if done.together is None:
        lines.append(f"exact match: not measured, because {done.missing}; give pairs with --data")
    else:
        measured = [*zip(models, done.alone, strict=True), ("together", done.together)]
        lines.append(f"exact match on {done.together.n:,} sources:")
        lines += [f"  {scores.exact:6.2f} %  {name}" for name, scores in measured]
    return "\n".join(lines)
