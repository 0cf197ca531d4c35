"""Heat maps as HTML tables: labels use the reader's fonts, and can be selected and read by screen readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seqwright.report.markup import Markup, element, symbol

__all__ = ["heat_map"]

WIDEST = 3  # characters of a column label; longer ones are written vertically


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float]],
    *,
    tooltip: Callable[[int, int], str],
    shown: Callable[[int, int], str | None] | None = None,
    caption: Markup,
) -> Markup:
    """Return a table of shades.   values: (rows, columns), from 0 to 1.

    tooltip: text shown when the pointer is over a cell.   shown: content of a cell; empty if not given.
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
                    "td", shown(i, j) if shown else None, title=tooltip(i, j), style=f"--heat:{100 * value:.0f}%",
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
