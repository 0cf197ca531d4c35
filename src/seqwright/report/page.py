"""The document: headline figures, a table of contents, and sections."""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence
from typing import NamedTuple

from seqwright.report.markup import Child, Markup, element, join

__all__ = ["Figure", "Section", "document", "section", "table"]


class Section(NamedTuple):
    """A section of the page; `id` is the anchor of its link in the contents."""

    id: str
    title: str
    body: Markup


class Figure(NamedTuple):
    """A headline figure with its unit and name."""

    value: str
    unit: str
    name: str


def section(id_: str, title: str, *body: Child) -> Section:
    """Return a section of paragraphs, tables and charts."""
    return Section(id_, title, join(*body))


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Child]],
    *,
    numbers: Sequence[int] = (),
    name: str,
    stacked: bool = False,
) -> Markup:
    """Return a table that scrolls horizontally if the page is too narrow.

    numbers: indices of numeric columns.   name: label for screen readers.   stacked: on a phone, show each row as a
    block of cells below each other.
    """

    def row(values: Sequence[Child]) -> Markup:
        cells = (
            element("td", element("div", value) if stacked else value, class_="number" if i in numbers else None,
                    data_head=head[i] if stacked else None)
            for i, value in enumerate(values)
        )  # fmt: skip
        return element("tr", *cells)

    heads = (element("th", text, class_="number" if i in numbers else None) for i, text in enumerate(head))
    whole = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", *map(row, rows)),
        class_="stacked" if stacked else None,
    )
    return element("div", whole, class_="scroll", tabindex=0, role="region", aria_label=name)


def document(title: str, lead: str, figures: Sequence[Figure], sections: Sequence[Section]) -> str:
    """Return the page as HTML."""
    style = importlib.resources.files("seqwright.report").joinpath("style.css").read_text("utf-8")
    contents = element(
        "nav",
        element("ol", *(element("li", element("a", s.title, href=f"#{s.id}")) for s in sections)),
        aria_label="Contents",
    )
    shown = element(
        "dl",
        *(
            element("div", element("dt", f.name), element("dd", f.value, element("span", f.unit)), class_="figure")
            for f in figures
        ),
        class_="figures",
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        # The browser loads no resources and runs no scripts, even if escaping failed.
        element("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        element("title", f"{title} – seqwright report"),
        element("style", Markup(style)),
    )
    main = element(
        "main",
        element("header", element("p", "seqwright report", class_="kicker"), element("h1", title),
                element("p", lead, class_="lead"), shown if figures else None),
        *(element("section", element("h2", s.title), s.body, id=s.id) for s in sections),
    )  # fmt: skip
    page = element("html", head, element("body", contents, main), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"
