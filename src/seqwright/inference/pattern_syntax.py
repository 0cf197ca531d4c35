"""A parser of patterns, which builds an automaton over characters.

A pattern is written as in Python's `re`, with the same meaning when the whole text must match:

    a  \\.  \\t \\n \\r \\f \\v  \\xhh \\uhhhh \\Uhhhhhhhh    a character, or an escaped one
    .                                               any character, including line ends
    [a-z] [^aeiou] \\d \\w \\s \\D \\W \\S                  a character in a class, or not in it
    ab  a|b  (a)  (?:a)  (?P<name>a)                concatenation, alternation, groups
    a* a+ a? a{m} a{m,} a{,n} a{m,n}                repetition; lazy quantifiers have no effect
    ^ \\A  $ \\Z                                      the start and the end of the text

Other syntax of `re` is refused with its name: back references, lookahead and lookbehind, word boundaries, flags,
possessive and atomic groups. The rest is regular, so a search needs no backtracking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from seqwright.data import text
from seqwright.errors import ConstraintError
from seqwright.inference.pattern_automaton import ANY, KINDS, CharacterAutomaton, Class

__all__ = ["Parser"]

MOST_REPEATS = 1_000
WIDEST_CLASS = 100_000  # characters of a range that are normalized one by one


CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
CODES = {"x": 2, "u": 4, "U": 8}  # hexadecimal digits after the letter
REFUSED_GROUPS = {
    "?=": "lookahead", "?!": "negative lookahead", "?<=": "lookbehind", "?<!": "negative lookbehind",
    "?>": "an atomic group", "?#": "a comment", "?(": "a conditional group", "?P=": "a back reference", "?P>": "a call",
}  # fmt: skip
REFUSED_ESCAPES = {
    "b": "a word boundary", "B": "a word boundary", "p": "a Unicode property", "P": "a Unicode property",
    "G": "an anchor of a search", "K": "a reset of the match", "R": "a line end of any kind", "X": "a grapheme",
    "k": "a back reference", "g": "a back reference", "N": "a character by name", "h": "a kind of space",
    "Q": "a quotation", "E": "a quotation",
}  # fmt: skip


class Parser:
    """Recursive descent; each part of the pattern has an initial and a final state of its own."""

    def __init__(self, pattern: str, automaton: CharacterAutomaton, form: text.UnicodeForm) -> None:
        self._pattern, self._automaton, self._form = pattern, automaton, form
        self._at = 0
        self._decomposed: dict[tuple[tuple[str, str], ...], list[str]] = {}

    def parse(self) -> tuple[int, int]:
        """Return the initial and the final state.   ConstraintError: a syntax error, with its position."""
        found = self._choice()
        if self._at < len(self._pattern):
            raise self._wrong("a ) that nothing opened")
        return found

    def _wrong(self, what: str) -> ConstraintError:
        return ConstraintError(f"pattern {self._pattern[:80]!r}, character {self._at + 1}: {what}")

    def _unsupported(self, what: str, name: str) -> ConstraintError:
        return self._wrong(f"{what} is not supported ({name})")

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        character = self._next()
        if not character:
            raise self._wrong("it ends too early")
        self._automaton.work()
        self._at += 1
        return character

    def _choice(self) -> tuple[int, int]:
        begin, end = self._automaton.state(), self._automaton.state()
        while True:
            inner = self._sequence()
            self._automaton.step(begin, inner[0])
            self._automaton.step(inner[1], end)
            if self._next() != "|":
                return begin, end
            self._at += 1

    def _sequence(self) -> tuple[int, int]:
        begin = end = self._automaton.state()
        while self._next() and self._next() not in "|)":
            inner = self._repeated()
            self._automaton.step(end, inner[0])
            end = inner[1]
        return begin, end

    def _repeated(self) -> tuple[int, int]:
        begins = self._at
        found = self._atom()
        least, most = self._counts()
        after = self._at
        if (least, most) == (1, 1):
            return found
        if self._pattern[begins] in "^$" or self._pattern[begins : begins + 2] in (r"\A", r"\Z", r"\z"):
            raise self._wrong("nothing to repeat")
        begin = end = self._automaton.state()
        last = self._automaton.state()
        for n in range(max(least, most or 0)):
            if n:  # a copy: the same text once more
                self._at = begins
                found = self._atom()
            if n >= least:
                self._automaton.step(end, last)  # not over each copy, which would make every set as long as the rest
            self._automaton.step(end, found[0])
            end = found[1]
        if most is None:
            self._automaton.step(end, found[0])
            if not least:
                self._automaton.step(found[1], end)
        self._automaton.step(end, last)
        self._at = after
        if self._next() == "?":  # lazy: chooses among matches, but the whole text must match
            self._at += 1
        elif self._next() == "+":
            raise self._unsupported("a possessive repeat", self._pattern[begins : self._at + 1])
        if self._next() and self._next() in "*+?{":
            raise self._wrong("nothing to repeat")
        return begin, last

    def _counts(self) -> tuple[int, int | None]:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self._next() in simple:
            return simple[self._take()]
        if self._next() != "{":
            return 1, 1
        self._at += 1
        inside = ""
        while self._next() != "}":
            inside += self._take()
        found = re.fullmatch(r"([0-9]{1,9})|([0-9]{0,9}),([0-9]{0,9})", inside)
        if not found or inside == ",":
            raise self._wrong(f"expected {{m}}, {{m,}}, {{,n}} or {{m,n}}, found {{{inside[:20]}}}")
        least = int(found[1] or found[2] or 0)
        most = int(found[1]) if found[1] else int(found[3]) if found[3] else None
        if most is not None and most < least:
            raise self._wrong(f"expected {{m,n}} with m at most n, found {{{inside}}}")
        self._at += 1
        if max(least, most or 0) > MOST_REPEATS:
            raise self._wrong(f"at most {MOST_REPEATS:,} repeats")
        return least, most

    def _atom(self) -> tuple[int, int]:
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == ".":
            return self._one(ANY)
        if character in "^$":
            return self._anchor(character)
        if character in "*+?{":
            raise self._wrong("nothing to repeat")
        if character != "\\":
            return self._spelled([character])
        if self._next() and self._next() in "AZz":
            return self._anchor("^" if self._take() == "A" else "$")
        escaped = self._escaped()
        return self._one(escaped) if isinstance(escaped, Class) else self._spelled([escaped])

    def _group(self) -> tuple[int, int]:
        if self._next() == "?":
            rest = self._pattern[self._at : self._at + 80]
            if named := re.match(r"\?:|\?P?<[^\W\d]\w*>", rest):
                self._at += named.end()
            else:
                name = next(
                    (name for name in sorted(REFUSED_GROUPS, key=len, reverse=True) if rest.startswith(name)), ""
                )
                raise self._unsupported(REFUSED_GROUPS.get(name, "a flag"), f"({name or rest[:2]}")
        found = self._choice()
        if self._next() != ")":
            raise self._wrong("a ( is never closed")
        self._at += 1
        return found

    def _escaped(self) -> str | Class:
        """Return the character or the class after a backslash."""
        letter = self._take()
        if letter in KINDS:
            return Class(False, (), letter)
        if letter in CONTROLS:
            return CONTROLS[letter]
        if letter in CODES:
            digits = self._pattern[self._at : self._at + CODES[letter]]
            if len(digits) < CODES[letter] or not re.fullmatch("[0-9a-fA-F]+", digits) or int(digits, 16) > 0x10FFFF:
                raise self._wrong(f"expected {CODES[letter]} hexadecimal digits of a character after \\{letter}")
            self._at += CODES[letter]
            return chr(int(digits, 16))
        if letter in "0123456789":
            raise self._unsupported("a back reference", f"\\{letter}")
        if letter.isascii() and letter.isalpha():
            raise self._unsupported(REFUSED_ESCAPES.get(letter, "this escape"), f"\\{letter}")
        return letter

    def _class(self) -> tuple[int, int]:
        negated = self._next() == "^"
        self._at += negated
        kinds, ranges = "", list[tuple[str, str]]()
        while self._next() != "]" or not (kinds or ranges):
            for name in ("[:", "&&", "||", "~~", "--"):
                if self._pattern.startswith(name, self._at) and (ranges or kinds or name == "[:"):
                    raise self._unsupported("a set of characters by name or operation", f"{name}; write \\{name[0]}")
            low = self._member()
            dash = self._next() == "-" and self._pattern[self._at + 1 : self._at + 2] not in ("]", "")
            if isinstance(low, Class):
                if dash:
                    raise self._wrong(f"\\{low.kinds} begins no range; write \\-")
                kinds += low.kinds
                continue
            high: str | Class = low
            if dash:
                self._at += 1
                high = self._member()
                if isinstance(high, Class):
                    raise self._wrong(f"\\{high.kinds} ends no range; write \\-")
                if high < low:
                    raise self._wrong(f"the range {low}-{high} is empty")
            assert isinstance(high, str), "a class was refused"
            ranges.append((low, high))
        self._at += 1
        begin, end = self._one(Class(negated, tuple(ranges), kinds))
        beyond_ascii = [(low, high) for low, high in ranges if not high.isascii()]  # what a Unicode form changes
        n_members = sum(ord(high) - ord(low) + 1 for low, high in beyond_ascii)
        if not negated and self._form != text.UnicodeForm.NONE and 0 < n_members <= WIDEST_CLASS:
            key = tuple(beyond_ascii)
            if key not in self._decomposed:
                self._automaton.work(n_members)
                members = (chr(code) for low, high in key for code in range(ord(low), ord(high) + 1))
                self._decomposed[key] = [one for one in members if len(text.normalized(one, self._form)) > 1]
            if self._decomposed[key]:
                inner = self._spelled(self._decomposed[key])
                self._automaton.step(begin, inner[0])
                self._automaton.step(inner[1], end)
        return begin, end

    def _member(self) -> str | Class:
        character = self._take()
        return self._escaped() if character == "\\" else character

    def _one(self, reads: Class) -> tuple[int, int]:
        begin, end = self._automaton.state(), self._automaton.state()
        self._automaton.step(begin, end, reads)
        return begin, end

    def _anchor(self, where: str) -> tuple[int, int]:
        begin, end = self._automaton.state(), self._automaton.state()
        self._automaton.anchor(begin, end, where)
        return begin, end

    def _spelled(self, characters: Iterable[str]) -> tuple[int, int]:
        """Match any of the characters, normalized; common prefixes share states."""
        begin, end = self._automaton.state(), self._automaton.state()
        known: dict[str, int] = {"": begin}
        for character in characters:
            spelling = text.normalized(character, self._form)
            for n in range(1, len(spelling)):
                if spelling[:n] not in known:
                    known[spelling[:n]] = self._automaton.state()
                    self._automaton.step(known[spelling[: n - 1]], known[spelling[:n]], spelling[n - 1])
            self._automaton.step(known[spelling[:-1]], end, spelling[-1])
        return begin, end
