"""Answers as HTML for notebooks: text, score or confidence, and the alignment as a table of shaded cells."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from seqwright.types import Array

__all__ = ["alignment_table", "answers_table"]

MOST = 40  # tokens of either side that an alignment is drawn for


def answers_table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> str:
    """Return a table of texts, escaped."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def alignment_table(alignment: Array | None, tokens: Sequence[str]) -> str:
    """Return the attention weights of each token over the source's tokens; "" where there are none, or too many.

    alignment: as in `Hypothesis`. The rows of the table are numbers of source tokens, from 0, its features among them.
    """
    if alignment is None or not tokens or max(alignment.shape) > MOST:
        return ""
    weights = alignment[:-1, :-1]
    head = "<th></th>" + "".join(f"<th>{escape(token)}</th>" for token in tokens)
    body = "".join(
        f"<tr><th>{place}</th>" + "".join(_cell(float(weight)) for weight in column) + "</tr>"
        for place, column in enumerate(weights.T)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(weight: float) -> str:
    return f'<td style="background:rgba(31,119,180,{weight:.2f})" title="{weight:.2f}"></td>'
