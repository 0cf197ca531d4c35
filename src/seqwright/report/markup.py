"""HTML and SVG elements; a plain string that goes in is text, whatever it holds, and never markup."""

from __future__ import annotations

import html

from seqwright.data_checks.code_points import visible

__all__ = ["Child", "Markup", "data", "element", "join", "symbol"]

VOID = {"meta", "link", "br"}  # elements without an end tag


class Markup(str):
    """Text that is HTML already; only this module and constants make one."""

    __slots__ = ()


Child = str | int | None  # None is nothing


def element(name: str, /, *children: Child, **attributes: str | int | float | None) -> Markup:
    """Return an element; `class_` is class, other underscores are hyphens, an attribute that is None is left out.

    A child that is no `Markup` is escaped, and characters that nobody sees are spelled out: ⟨U+202E⟩ cannot turn the
    line around, ⟨U+0000⟩ cannot end it.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(shortest(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        assert not children, f"<{name}> has no content"
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Return the children one behind the other, escaped where they are not markup."""
    return Markup(
        "".join(child if isinstance(child, Markup) else escaped(str(child)) for child in children if child is not None)
    )


def data(text: str) -> Markup:
    """Return text of the user's, isolated from the direction of the text around it."""
    korean = any("가" <= c <= "힣" for c in text)
    return element("bdi", text, lang="ko" if korean else None) if text else element("span", "nothing", class_="nothing")


def symbol(token: str, empty: str = "∅") -> Markup:
    """Return one symbol of the data; a space, and the lack of any, are drawn so that they can be seen.

    empty: what stands for no symbol at all.
    """
    if not token.strip(" "):
        return element("span", "␣" * len(token) or empty, class_="nothing", title="space" if token else "nothing")
    return data(token)


def escaped(text: str) -> str:
    return html.escape(visible(text), quote=True)


def shortest(value: str | int | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
