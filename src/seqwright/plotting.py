"""Attention weights as a picture, as SVG or PNG, by matplotlib.

An SVG holds its labels as text, so that whoever shows it brings the fonts; a PNG is drawn with those found here.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqwright.errors import DependencyError, OutputError
from seqwright.types import Array

__all__ = ["draw"]

INCHES_A_TOKEN = 0.36


def draw(path: Path, alignment: Array, *, source: Sequence[str], answer: Sequence[str]) -> list[str]:
    """Write the picture to a file that ends in .svg or .png; return the characters that no font here has.

    alignment (T, S): a row for each of T labels of the answer, a column for each of S labels of the source.
    DependencyError: no matplotlib.   OutputError: the file cannot be written.
    """
    # Not pyplot, which keeps figures and looks for a screen.
    matplotlib, fonts = load("matplotlib"), load("matplotlib.font_manager")
    figures = load("matplotlib.figure")
    families, missing = fitting("".join([*source, *answer]), fonts)
    T, S = alignment.shape
    with matplotlib.rc_context({"font.family": families, "svg.fonttype": "none", "svg.hashsalt": "seqwright"}):
        size = (1.2 + INCHES_A_TOKEN * S, 0.8 + INCHES_A_TOKEN * T)
        figure = figures.Figure(figsize=size, dpi=150, layout="constrained")
        axes = figure.subplots()
        axes.imshow(alignment, cmap="Greys", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(S), source)
        axes.set_yticks(range(T), answer)
        axes.xaxis.tick_top()
        try:
            figure.savefig(path, metadata={"Date": None} if path.suffix.lower() == ".svg" else {"Software": None})
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror}); choose another place") from None
    return [] if path.suffix.lower() == ".svg" else missing


def load(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise DependencyError("a picture needs the library matplotlib: pip install 'seqwright[plot]'") from None


def fitting(characters: str, fonts: Any) -> tuple[list[str], list[str]]:
    """Return the families, the usual one first, that have the characters between them, and the characters none has."""
    needed = {c for c in characters if not c.isspace() and c.isprintable()}
    families = ["DejaVu Sans"]  # is part of matplotlib, and has most alphabets with their marks
    needed -= covered(fonts.findfont("DejaVu Sans"), needed, fonts)
    upright_first = sorted(fonts.fontManager.ttflist, key=lambda f: (f.style != "normal", f.weight != 400, f.name))
    for font in upright_first:
        if not needed:
            break
        if has := covered(font.fname, needed, fonts):
            families.append(font.name)
            needed -= has
    return families, sorted(needed)


def covered(path: str, characters: set[str], fonts: Any) -> set[str]:
    try:
        charmap = fonts.get_font(path).get_charmap()
    except (OSError, RuntimeError):  # a font file that is gone or damaged
        return set()
    return {c for c in characters if ord(c) in charmap}
