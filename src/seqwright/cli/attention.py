"""Attention weights, drawn with the characters of a terminal."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len, set_cell_size

from seqwright.errors import UsageError
from seqwright.inference import Answer

__all__ = ["drawn", "painted", "shown"]

SHADES = " ░▒▓█"
END = "<end>"


def drawn(answer: Answer, source_tokens: Sequence[str]) -> str:
    """Return the best answer with its score, and its attention weights as a grid.

    Rows are the answer's tokens with their log-probabilities, columns the source tokens. There are five shades, for
    weights from 0 to 1.   source_tokens: features first.
    """
    best = answer.best
    if best is None:
        return f"no answer ({', '.join(answer.flags)})"
    notes = f"   ({', '.join(answer.flags)})" if answer.flags else ""
    lines = [f"{best.text}   {best.score:.4f}{notes}"]
    if best.alignment is None:
        return "\n".join([*lines, "(no attention weights: the model has no attention, or the source is too long)"])
    columns = [shown(token) for token in [*source_tokens, END]]
    rows = [shown(token) for token in [*best.tokens, END]]
    margin = max(map(cell_len, rows))
    widths = [max(cell_len(column), 2) for column in columns]
    head = " ".join(set_cell_size(column, width) for column, width in zip(columns, widths, strict=True))
    lines += ["", f"{' ' * margin}  {head}".rstrip()]
    for label, log_prob, row in zip(rows, best.log_probs, best.alignment, strict=True):
        cells = " ".join(shade(weight) * width for weight, width in zip(row.tolist(), widths, strict=True))
        lines.append(f"{' ' * (margin - cell_len(label))}{label}  {cells}  {log_prob:.2f}")
    return "\n".join(lines)


def painted(answer: Answer, source_tokens: Sequence[str], path: Path) -> None:
    """Write the grid as an image, and warn on standard error of characters that no installed font has.

    UsageError: there are no attention weights, or the path ends in neither .svg nor .png.
    """
    from seqwright import plotting  # imports matplotlib

    best = answer.best
    if best is None or best.alignment is None:
        raise UsageError(
            "no attention weights to draw: there is no answer, the model has no attention, or the source is too long"
        )
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"{path}: expected a file that ends in .svg or .png")
    labels = [[shown(token) for token in [*tokens, END]] for tokens in (source_tokens, best.tokens)]
    if missing := plotting.draw(path, best.alignment, source=labels[0], answer=labels[1]):
        named = ", ".join(f"{c} (U+{ord(c):04X})" for c in missing)
        print(f"seqwright: warning: no installed font has {named}; install one, such as Noto Sans CJK", file=sys.stderr)


def shade(weight: float) -> str:
    return SHADES[min(int(max(weight, 0.0) * len(SHADES)), len(SHADES) - 1)]


def shown(token: str) -> str:
    """Return a printable form of a token: combining marks on a dotted circle, invisible characters as code points."""
    if token.isspace():
        return "␣" if set(token) == {" "} else "".join(f"U+{ord(c):04X}" for c in token)
    if token and unicodedata.combining(token[0]):
        return f"◌{token}"
    return token if token.isprintable() else "".join(f"U+{ord(c):04X}" for c in token)
