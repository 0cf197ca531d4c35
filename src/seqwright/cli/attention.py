"""Where a model looked, drawn in the characters of a terminal."""

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
    """Return the best answer with its score, and a grid: a row for each of its tokens, a column for each source token.

    source_tokens: features first.   A shade is a fifth of the row's attention.
    """
    best = answer.best
    if best is None:
        return f"no answer ({', '.join(answer.flags)})"
    notes = f"   ({', '.join(answer.flags)})" if answer.flags else ""
    lines = [f"{best.text}   {best.score:.4f}{notes}"]
    if best.alignment is None:
        return "\n".join([*lines, "(no attention to draw: the model has none, or the source is too long)"])
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
    """Write the same as a picture, and say on standard error which characters have no font here.

    UsageError: there is no attention to draw, or the file is to be neither .svg nor .png.
    """
    from seqwright import plotting  # imports matplotlib

    best = answer.best
    if best is None or best.alignment is None:
        raise UsageError("there is no attention to draw: no answer, a model without attention, or too long a source")
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"{path}: expected a file that ends in .svg or .png")
    labels = [[shown(token) for token in [*tokens, END]] for tokens in (source_tokens, best.tokens)]
    if missing := plotting.draw(path, best.alignment, source=labels[0], answer=labels[1]):
        named = ", ".join(f"{c} (U+{ord(c):04X})" for c in missing)
        print(f"seqwright: warning: no font here has {named}; install one, such as Noto Sans CJK", file=sys.stderr)


def shade(weight: float) -> str:
    return SHADES[min(int(max(weight, 0.0) * len(SHADES)), len(SHADES) - 1)]


def shown(token: str) -> str:
    """Return a token so that it takes its place on a line: a mark stands on a circle, the unseen is spelled out."""
    if token.isspace():
        return "␣" if set(token) == {" "} else "".join(f"U+{ord(c):04X}" for c in token)
    if token and unicodedata.combining(token[0]):
        return f"◌{token}"
    return token if token.isprintable() else "".join(f"U+{ord(c):04X}" for c in token)
