"""The result of an export as text."""

from __future__ import annotations

from seqwright.exporters import Exported

__all__ = ["as_text"]


def as_text(done: Exported) -> str:
    """Return the path, the size and the exact match of the exported model."""
    before, after = done.n_bytes
    if done.output.is_dir():
        size = f"{after / 1e6:.2f} MB of weights instead of {before / 1e6:.2f} (1/{before / after:.1f})"
    else:
        size = f"{after / 1e6:.2f} MB with the model, whose weights are {before / 1e6:.2f} MB; open it in a browser"
    lines = [f"{done.output}: {size}"]
    if done.scores is None:
        lines.append(f"exact match: not measured, because {done.missing}; give pairs with --data")
    else:
        first, second = done.scores
        change = second.exact - first.exact
        lines.append(
            f"exact match: {first.exact:.2f} % before, {second.exact:.2f} % after ({change:+.2f} points), "
            f"of {first.n:,} sources"
        )
    return "\n".join(lines)
