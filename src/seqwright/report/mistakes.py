"""The sections on frequent errors: rewrites in context, and the confusion matrix of symbols."""

from __future__ import annotations

from collections.abc import Sequence

from seqwright.data.text import Splitter
from seqwright.report import answers
from seqwright.report.edits import EDGE, Rewritten, confusions, rewritten
from seqwright.report.heat_map import heat_map
from seqwright.report.items import Item
from seqwright.report.markup import Child, Markup, data, element, join, symbol
from seqwright.report.page import Section, section, table

__all__ = ["confused", "rewrites"]

N_REWRITES, N_SINGLE = 20, 8  # maximum number of rows, and number of rows that may be single cases


def rewrites(items: Sequence[Item], format_: Splitter) -> Section:
    """Return the most frequent rewrites with context and examples."""
    found = rewritten(items)
    if not found:
        return section("rewrites", "Frequent errors", element("p", "No answer differs from its reference."))
    n = sum(one.n for one in found)
    n_repeated = sum(one.n > 1 for one in found)
    shown = found[: min(N_REWRITES, max(N_SINGLE, n_repeated))]
    rows: list[list[Child]] = [
        [
            join(
                symbol(format_.join(one.expected)),
                element("span", " → ", class_="soft"),
                symbol(format_.join(one.predicted)),
            ),
            one.n,
            where(one),
            join(*(element("div", example(item, format_)) for item in one.examples)),
        ]
        for one in shown
    ]
    how_many = "All" if len(shown) == len(found) else f"The {len(shown)} most frequent"
    text = (
        f"{how_many} of {len(found):,} kinds of differences between references and answers, {n:,} occurrences in "
        "total. The reference is before the arrow, the answer after it."
    )
    return section(
        "rewrites",
        "Frequent errors",
        element("p", text),
        table(
            ["error", "count", "context", "examples"],
            rows,
            numbers=[1],
            name="Frequent errors",
            stacked=True,
        ),
    )


def where(one: Rewritten) -> Markup:
    if not one.where:
        return join("various")
    edge = "at the start" if one.where == "after" else "at the end"
    place = join(edge) if one.beside == EDGE else join(f"{one.where} ", symbol(one.beside))
    if one.n == 1:
        return place
    often = f", {one.n_where:,} of {one.n:,}" if one.n_where < one.n else ", always"
    return join(place, element("span", often, class_="soft"))


def example(item: Item, format_: Splitter) -> Markup:
    arrow = element("span", " → ", class_="soft")
    return join(data(item.source), arrow, answers.marked(item.expected, item.best.tokens, format_))


def confused(items: Sequence[Item]) -> Section:
    """Return the confusion matrix of the most confused symbols."""
    found = confusions(items)
    if not found.symbols:
        return section("confusion", "Confused symbols", element("p", "No symbols are confused."))
    totals = [max(1, sum(row)) for row in found.counts]
    shares = [
        [n / total if i != j else 0.0 for j, n in enumerate(row)]
        for i, (row, total) in enumerate(zip(found.counts, totals, strict=True))
    ]
    strongest = max(max(row) for row in shares) or 1.0
    plain = [one if one != EDGE else "no symbol" for one in found.symbols]

    def tooltip(i: int, j: int) -> str:
        return f"{plain[i]} predicted as {plain[j]}: {found.counts[i][j]:,} times"

    def shown(i: int, j: int) -> str | None:
        return f"{found.counts[i][j]:,}" if found.counts[i][j] else None

    caption = (
        "Rows are symbols of references, columns symbols of answers; the shade is the share of the row that is wrong. "
        "∅ is an insertion (row) or an omission (column)."
    )
    shades = [[share / strongest for share in row] for row in shares]
    return section(
        "confusion",
        "Confused symbols",
        heat_map(found.symbols, found.symbols, shades, tooltip=tooltip, shown=shown, caption=join(caption)),
    )
