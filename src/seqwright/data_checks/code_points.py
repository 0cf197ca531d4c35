"""Display of characters by code point and name."""

import unicodedata

__all__ = ["JOINERS", "is_invisible", "named", "visible"]

CONTROLS = {"\0": "NULL", "\x0b": "VERTICAL TAB", "\x0c": "FORM FEED", "\r": "CARRIAGE RETURN", "\x1b": "ESCAPE"}
JOINERS = "\u200c\u200d"  # zero-width (non-)joiners are part of text in Persian, Indic scripts and emoji


def named(c: str) -> str:
    """Return `U+00E9 é LATIN SMALL LETTER E WITH ACUTE`, without the character itself if it is invisible."""
    name = unicodedata.name(c, CONTROLS.get(c, "CONTROL" if unicodedata.category(c) == "Cc" else "UNNAMED"))
    if is_invisible(c) or not c.isprintable():
        return f"U+{ord(c):04X} {name}"
    shown = f"◌{c}" if unicodedata.combining(c) else c
    return f"U+{ord(c):04X} {shown} {name}"


def is_invisible(c: str) -> bool:
    """Return whether a character is invisible or resembles a plain space."""
    return c != " " and unicodedata.category(c) in {"Cc", "Cf", "Zs", "Zl", "Zp"}


def visible(text: str) -> str:
    """Return the text with invisible characters, except joiners, written as ⟨U+200B⟩."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(f"⟨U+{ord(c):04X}⟩" if c not in JOINERS and is_invisible(c) else c for c in text)
