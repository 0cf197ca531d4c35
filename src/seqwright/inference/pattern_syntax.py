"""The syntax of patterns, read into an automaton over characters.

A pattern is written as in Python's `re`, and means the same where it is held against a whole text:

    a  \\.  \\t \\n \\r \\f \\v  \\xhh \\uhhhh \\Uhhhhhhhh    a character; after a backslash, without its meaning
    .                                               any character, a line end with them
    [a-z] [^aeiou] \\d \\w \\s \\D \\W \\S                  one of a class, or one that is not
    ab  a|b  (a)  (?:a)  (?P<name>a)                one after the other, either, a group
    a* a+ a? a{m} a{m,} a{,n} a{m,n}                repeats; a ? after one changes nothing here
    ^ \\A  $ \\Z                                      the start and the end of the text

Whatever else `re` knows is refused by name: back references, look-ahead and look-behind, word boundaries, flags,
possessive and atomic groups. What is left is regular, so no hypothesis ever has to be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from seqwright.data import text
from seqwright.errors import ConstraintError

__all__ = ["Machine", "Parser"]

MOST_WORK = 400_000  # elements of sets, steps and characters looked at, a second or less
MOST_REPEATS = 1_000
WIDEST_CLASS = 100_000  # characters of a range that are put into the model's form one by one
Places = frozenset[int]


class Class(NamedTuple):
    """A set of characters: ranges and kinds, or all others."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]
    kinds: str = ""

    def __contains__(self, character: object) -> bool:
        assert isinstance(character, str)
        within = any(low <= character <= high for low, high in self.ranges) or any(
            KINDS[kind](character) for kind in self.kinds
        )
        return within is not self.negated


KINDS: dict[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "D": lambda character: not character.isdecimal(),
    "w": lambda character: character.isalnum() or character == "_",
    "W": lambda character: not (character.isalnum() or character == "_"),
    "s": str.isspace,
    "S": lambda character: not character.isspace(),
}
ANY = Class(True, ())
CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
CODES = {"x": 2, "u": 4, "U": 8}  # hexadecimal digits after the letter
REFUSED_GROUPS = {
    "?=": "look-ahead", "?!": "negative look-ahead", "?<=": "look-behind", "?<!": "negative look-behind",
    "?>": "an atomic group", "?#": "a comment", "?(": "a conditional group", "?P=": "a back reference", "?P>": "a call",
}  # fmt: skip
REFUSED_ESCAPES = {
    "b": "a word boundary", "B": "a word boundary", "p": "a Unicode property", "P": "a Unicode property",
    "G": "an anchor of a search", "K": "a reset of the match", "R": "a line end of any kind", "X": "a grapheme",
    "k": "a back reference", "g": "a back reference", "N": "a character by name", "h": "a kind of space",
    "Q": "a quotation", "E": "a quotation",
}  # fmt: skip


class Machine:
    """An automaton over characters with free steps (Thompson 1968); places are numbered.

    end: the place where a text that matches ends.   ConstraintError from any method: it is too much work.
    """

    def __init__(self, pattern: str) -> None:
        self.end = -1
        self._pattern, self._work, self._n_places = pattern, 0, 0
        self._free: dict[int, list[int]] = {}
        self._anchored: dict[str, dict[int, list[int]]] = {"^": {}, "$": {}}
        self._literals: dict[int, dict[str, list[int]]] = {}
        self._classes: dict[int, list[tuple[Class, int]]] = {}
        self._same: dict[Class, Class] = {}
        self._kinds: list[tuple[str, frozenset[Class]]] = []  # a character, and the classes that hold it
        self._of_class: dict[Class, list[int]] = {}
        self._of_literal: dict[str, int] = {}
        self._known: dict[tuple[Places, int], Places] = {}

    def work(self, n: int = 1) -> None:
        """Count steps of work."""
        self._work += n
        if self._work > MOST_WORK:
            raise self.too_large()

    def too_large(self) -> ConstraintError:
        shown = self._pattern if len(self._pattern) <= 40 else f"{self._pattern[:40]}…"
        return ConstraintError(f"the pattern {shown!r} is too large; repeat less, or write a simpler one")

    def place(self) -> int:
        self.work()
        self._n_places += 1
        return self._n_places - 1

    def step(self, origin: int, target: int, reads: str | Class | None = None) -> None:
        """Add a step that reads a character, one of a class, or nothing."""
        self.work()
        if reads is None:
            self._free.setdefault(origin, []).append(target)
        elif isinstance(reads, Class):
            same = self._same.setdefault(reads, reads)  # one object for all copies of a repeated class
            self._classes.setdefault(origin, []).append((same, target))
        else:
            self.work()  # it takes a table of its own
            self._literals.setdefault(origin, {}).setdefault(reads, []).append(target)

    def anchor(self, origin: int, target: int, where: str) -> None:
        """Add a step that reads nothing, at the start ("^") or the end ("$") of the text only."""
        self._anchored[where].setdefault(origin, []).append(target)

    def kinds(self, characters: Iterable[str]) -> dict[str, int]:
        """Return a number for each character, the same for those that no step tells apart."""
        classes = {one for some in self._classes.values() for one, _ in some}
        literals = {one for some in self._literals.values() for one in some}
        numbers: dict[tuple[str, frozenset[Class]], int] = {}
        found = {}
        for character in sorted(characters):
            self.work(len(classes))
            kind = (character if character in literals else "", frozenset(one for one in classes if character in one))
            found[character] = numbers.setdefault(kind, len(numbers))
        self._kinds = list(numbers)
        self._of_literal = {literal: n for n, (literal, _) in enumerate(self._kinds) if literal}
        self._of_class = {one: [n for n, (_, within) in enumerate(self._kinds) if one in within] for one in classes}
        return found

    def closed(self, places: Iterable[int], *, at_start: bool = False, at_end: bool = False) -> Places:
        """Return the places and all that free steps lead to."""
        tables = [self._free, *([self._anchored["^"]] if at_start else []), *([self._anchored["$"]] if at_end else [])]
        found, ahead = set(places), list(places)
        while ahead:
            place = ahead.pop()
            for table in tables:
                for target in table.get(place, ()):
                    if target not in found:
                        found.add(target)
                        ahead.append(target)
        self.work(len(found))
        return frozenset(found)

    def accepts(self, places: Places, *, at_start: bool = False) -> bool:
        """Return whether a text that leads to the places may end there."""
        if self.end in places or not self._anchored["$"]:
            return self.end in places
        return self.end in self.closed(places, at_start=at_start, at_end=True)

    def next_kinds(self, places: Places) -> list[int]:
        """Return the kinds of characters that some step from the places reads."""
        self.work(len(places))
        found = set()
        for place in places:
            for literal in self._literals.get(place, ()):
                if literal in self._of_literal:
                    found.add(self._of_literal[literal])
            for one, _ in self._classes.get(place, ()):
                found.update(self._of_class[one])
        self.work(len(found))
        return sorted(found)

    def read(self, places: Places, kinds: Iterable[int]) -> Places:
        """Return the places after some characters; none where they do not fit."""
        for kind in kinds:
            key = (places, kind)
            if key not in self._known:
                self._known[key] = self._after(places, kind)
            places = self._known[key]
            if not places:
                break
        return places

    def _after(self, places: Places, kind: int) -> Places:
        literal, within = self._kinds[kind]
        reached: set[int] = set()
        for place in places:
            if literal and place in self._literals:
                reached.update(self._literals[place].get(literal, ()))
            reached.update(target for one, target in self._classes.get(place, ()) if one in within)
        self.work(len(places))
        return self.closed(reached)


class Parser:
    """Recursive descent; each part is built between two new places."""

    def __init__(self, pattern: str, machine: Machine, form: text.UnicodeForm) -> None:
        self._pattern, self._machine, self._form = pattern, machine, form
        self._at = 0
        self._taken_apart: dict[tuple[tuple[str, str], ...], list[str]] = {}

    def parse(self) -> tuple[int, int]:
        """Return the places where the pattern begins and ends.   ConstraintError: what is wrong, and where."""
        found = self._choice()
        if self._at < len(self._pattern):
            raise self._wrong("a ) that nothing opened")
        return found

    def _wrong(self, what: str) -> ConstraintError:
        return ConstraintError(f"pattern {self._pattern[:80]!r}, character {self._at + 1}: {what}")

    def _unsupported(self, what: str, name: str) -> ConstraintError:
        return self._wrong(f"{what} is not supported ({name})")

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise self._wrong("it ends too early")
        self._machine.work()
        self._at += 1
        return character

    def _choice(self) -> tuple[int, int]:
        begin, end = self._machine.place(), self._machine.place()
        while True:
            inner = self._sequence()
            self._machine.step(begin, inner[0])
            self._machine.step(inner[1], end)
            if self._peek() != "|":
                return begin, end
            self._at += 1

    def _sequence(self) -> tuple[int, int]:
        begin = end = self._machine.place()
        while self._peek() and self._peek() not in "|)":
            inner = self._repeated()
            self._machine.step(end, inner[0])
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
        begin = end = self._machine.place()
        last = self._machine.place()
        for n in range(max(least, most or 0)):
            if n:  # a copy: the same text once more
                self._at = begins
                found = self._atom()
            if n >= least:
                self._machine.step(end, last)  # and not over each copy, which would make every set as long as the rest
            self._machine.step(end, found[0])
            end = found[1]
        if most is None:
            self._machine.step(end, found[0])
            if not least:
                self._machine.step(found[1], end)
        self._machine.step(end, last)
        self._at = after
        if self._peek() == "?":  # lazy: it decides which of several matches is found, and the whole text is one
            self._at += 1
        elif self._peek() == "+":
            raise self._unsupported("a possessive repeat", self._pattern[begins : self._at + 1])
        if self._peek() and self._peek() in "*+?{":
            raise self._wrong("nothing to repeat")
        return begin, last

    def _counts(self) -> tuple[int, int | None]:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self._peek() in simple:
            return simple[self._take()]
        if self._peek() != "{":
            return 1, 1
        self._at += 1
        inside = ""
        while self._peek() != "}":
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
        if self._peek() and self._peek() in "AZz":
            return self._anchor("^" if self._take() == "A" else "$")
        escaped = self._escaped()
        return self._one(escaped) if isinstance(escaped, Class) else self._spelled([escaped])

    def _group(self) -> tuple[int, int]:
        if self._peek() == "?":
            rest = self._pattern[self._at : self._at + 80]
            if named := re.match(r"\?:|\?P?<[^\W\d]\w*>", rest):
                self._at += named.end()
            else:
                name = next(
                    (name for name in sorted(REFUSED_GROUPS, key=len, reverse=True) if rest.startswith(name)), ""
                )
                raise self._unsupported(REFUSED_GROUPS.get(name, "a flag"), f"({name or rest[:2]}")
        found = self._choice()
        if self._peek() != ")":
            raise self._wrong("a ( is never closed")
        self._at += 1
        return found

    def _escaped(self) -> str | Class:
        """Return the character or the class that stands after a backslash."""
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
        negated = self._peek() == "^"
        self._at += negated
        kinds, ranges = "", list[tuple[str, str]]()
        while self._peek() != "]" or not (kinds or ranges):
            for name in ("[:", "&&", "||", "~~", "--"):
                if self._pattern.startswith(name, self._at) and (ranges or kinds or name == "[:"):
                    raise self._unsupported("a set of characters by name or operation", f"{name}; write \\{name[0]}")
            low = self._member()
            dash = self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] not in ("]", "")
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
            if key not in self._taken_apart:
                self._machine.work(n_members)
                members = (chr(code) for low, high in key for code in range(ord(low), ord(high) + 1))
                self._taken_apart[key] = [one for one in members if len(text.normalized(one, self._form)) > 1]
            if self._taken_apart[key]:
                inner = self._spelled(self._taken_apart[key])
                self._machine.step(begin, inner[0])
                self._machine.step(inner[1], end)
        return begin, end

    def _member(self) -> str | Class:
        character = self._take()
        return self._escaped() if character == "\\" else character

    def _one(self, reads: Class) -> tuple[int, int]:
        begin, end = self._machine.place(), self._machine.place()
        self._machine.step(begin, end, reads)
        return begin, end

    def _anchor(self, where: str) -> tuple[int, int]:
        begin, end = self._machine.place(), self._machine.place()
        self._machine.anchor(begin, end, where)
        return begin, end

    def _spelled(self, characters: Iterable[str]) -> tuple[int, int]:
        """Return any one of the characters, in the model's form; what begins alike is shared."""
        begin, end = self._machine.place(), self._machine.place()
        known: dict[str, int] = {"": begin}
        for character in characters:
            spelling = text.normalized(character, self._form)
            for n in range(1, len(spelling)):
                if spelling[:n] not in known:
                    known[spelling[:n]] = self._machine.place()
                    self._machine.step(known[spelling[: n - 1]], known[spelling[:n]], spelling[n - 1])
            self._machine.step(known[spelling[:-1]], end, spelling[-1])
        return begin, end
