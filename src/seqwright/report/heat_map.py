"""Numbers as shades, in a table: rows and columns keep the reader's own fonts, and can be selected and read aloud."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seqwright.report.markup import Markup, element, symbol

__all__ = ["heat_map"]

WIDEST = 3  # characters of a column's label; a longer one runs from top to bottom


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float]],
    *,
    says: Callable[[int, int], str],
    shown: Callable[[int, int], str | None] | None = None,
    caption: Markup,
) -> Markup:
    """Return a table of shades; values (rows, columns) from 0 to 1. A label that is markup stays so.

    says: what a cell tells when it is pointed at.   shown: what stands in a cell; nothing, if not given.
    """
    head = element(
        "tr", element("td"), *(element("th", label(column), scope="col", class_=upright(column)) for column in columns)
    )
    body = [
        element(
            "tr",
            element("th", label(row), scope="row"),
            *(
                element(
                    "td", shown(i, j) if shown else None, title=says(i, j), style=f"--heat:{100 * value:.0f}%",
                    class_="strong" if value > 0.55 else None,
                )
                for j, value in enumerate(values[i])
            ),
        )
        for i, row in enumerate(rows)
    ]  # fmt: skip
    table = element("table", element("thead", head), element("tbody", *body), class_="heat")
    return element("figure", element("figcaption", caption), element("div", table, class_="scroll", tabindex=0))


def upright(text: str) -> str | None:
    return "tall" if not isinstance(text, Markup) and len(text) > WIDEST else None


def label(text: str) -> Markup:
    return text if isinstance(text, Markup) else symbol(text)
