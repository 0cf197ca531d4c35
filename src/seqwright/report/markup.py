"""HTML and SVG elements; plain strings are always escaped, and never interpreted as markup."""

from __future__ import annotations

import html

from seqwright.data_checks.code_points import visible

__all__ = ["Child", "Markup", "data", "element", "join", "symbol"]

VOID = {"meta", "link", "br"}  # elements without an end tag


class Markup(str):
    """A string of HTML, created only by this module and from constants."""

    __slots__ = ()


Child = str | int | None  # None is omitted


def element(name: str, /, *children: Child, **attributes: str | int | float | None) -> Markup:
    """Return an element; `class_` is class, other underscores become hyphens, attributes that are None are omitted.

    Children that are not `Markup` are escaped, and invisible characters are written as ⟨U+202E⟩, so that they cannot
    reverse or end a line.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(formatted(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        assert not children, f"<{name}> has no content"
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Return the concatenation of the children; those that are not `Markup` are escaped."""
    return Markup(
        "".join(child if isinstance(child, Markup) else escaped(str(child)) for child in children if child is not None)
    )


def data(text: str) -> Markup:
    """Return text of the user's data, isolated from the direction of the surrounding text."""
    korean = any("가" <= c <= "힣" for c in text)
    return element("bdi", text, lang="ko" if korean else None) if text else element("span", "empty", class_="nothing")


def symbol(token: str, empty: str = "∅") -> Markup:
    """Return one symbol of the data; spaces are drawn as ␣.   empty: replacement for an empty symbol."""
    if not token.strip(" "):
        return element("span", "␣" * len(token) or empty, class_="nothing", title="space" if token else "no symbol")
    return data(token)


def escaped(text: str) -> str:
    return html.escape(visible(text), quote=True)


def formatted(value: str | int | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
