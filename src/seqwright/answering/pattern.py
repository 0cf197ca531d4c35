"""Regular expressions over the text of answers, as automata over tokens.

Written are characters, `.`, classes such as `[a-z]` and `[^aeiou]`, `\\d` `\\w` `\\s` and their capitals, `|`, `( )`,
and `* + ? {m} {m,} {m,n}`; a backslash takes the meaning from the character behind it. The whole text has to match.
There are no anchors, back references or looks ahead: what is left is regular, so no hypothesis ever has to be taken
back. Characters are read in the Unicode form of the model's targets, before composition: in a model of Hangul jamo, the
syllable 가 in a pattern stands for its jamo, and a class for those of its members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from seqwright.data import text, vocabulary
from seqwright.errors import ConstraintError
from seqwright.search import automaton

__all__ = ["compiled"]

MOST_STATES = 20_000
MOST_PLACES = 200_000
MOST_REPEATS = 1_000
WIDEST_CLASS = 100_000  # characters of a range that are put into the model's form one by one
Test = Callable[[str], bool]
Places = frozenset[int]


def compiled(pattern: str, format_: text.Splitter, known: vocabulary.Vocabulary) -> automaton.Automaton:
    """Return the answers whose text matches the pattern.   ConstraintError: too large, or none does."""
    machine = _Machine()
    try:
        begin, end = _Parser(pattern, machine, format_).parse()
    except RecursionError:
        raise ConstraintError(f"the pattern {pattern[:20]!r}… has too many groups within groups") from None
    space = format_.join(["a", "b"])[1:-1]  # what joining puts between two tokens, as it does with words
    tokens = list(enumerate(known.symbols, start=len(vocabulary.SPECIAL)))
    starts = machine.closed({begin})
    numbers: dict[tuple[Places, bool], int] = {(starts, True): 0}
    ahead = [(starts, True)]
    first, symbols, targets = [0], [], []
    accepting = []
    for places, at_start in ahead:  # grows while it is walked
        accepting.append(end in places)
        for symbol, token in tokens:
            reached = machine.read(places, token if at_start else space + token)
            if not reached:
                continue
            key = (reached, False)
            if key not in numbers:
                numbers[key] = len(numbers)
                ahead.append(key)
                if len(numbers) > MOST_STATES:
                    raise ConstraintError(f"the pattern {pattern!r} is too large; write a simpler one")
            symbols.append(symbol)
            targets.append(numbers[key])
        first.append(len(symbols))
    return automaton.Automaton(
        np.array(first, np.int64), np.array(symbols, np.int32), np.array(targets, np.int32), np.array(accepting)
    )


class _Machine:
    """An automaton over characters with free steps (Thompson 1968); places are numbered."""

    def __init__(self) -> None:
        self._free: list[list[int]] = []
        self._tests: list[list[tuple[Test, int]]] = []
        self._known: dict[tuple[Places, str], Places] = {}

    def place(self) -> int:
        if len(self._free) == MOST_PLACES:
            raise ConstraintError("the pattern is too large; repeat less, or write a simpler one")
        self._free.append([])
        self._tests.append([])
        return len(self._free) - 1

    def step(self, origin: int, target: int, test: Test | None = None) -> None:
        if test is None:
            self._free[origin].append(target)
        else:
            self._tests[origin].append((test, target))

    def closed(self, places: Iterable[int]) -> Places:
        """Return the places and all that free steps lead to."""
        found, ahead = set(places), list(places)
        while ahead:
            for target in self._free[ahead.pop()]:
                if target not in found:
                    found.add(target)
                    ahead.append(target)
        return frozenset(found)

    def read(self, places: Places, characters: str) -> Places:
        """Return the places behind some characters; none where they do not fit."""
        for character in characters:
            key = (places, character)
            if key not in self._known:
                self._known[key] = self.closed(
                    {target for place in places for test, target in self._tests[place] if test(character)}
                )
            places = self._known[key]
            if not places:
                break
        return places


class _Parser:
    """Recursive descent; each part is built between two new places."""

    def __init__(self, pattern: str, machine: _Machine, format_: text.Splitter) -> None:
        self._pattern, self._machine, self._form = pattern, machine, format_.unicode_form
        self._at = 0

    def parse(self) -> tuple[int, int]:
        found = self._choice()
        if self._at < len(self._pattern):
            raise self._wrong("a ) that nothing opened")
        return found

    def _wrong(self, what: str) -> ConstraintError:
        return ConstraintError(f"pattern {self._pattern!r}, character {self._at + 1}: {what}")

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise self._wrong("it ends too early")
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
        behind = self._at
        least, most = self._counts()
        after = self._at
        if (least, most) == (1, 1):
            return found
        begin = end = self._machine.place()
        for n in range(max(least, most or 0)):
            if n:  # a copy: the same text once more
                self._at = begins
                found = self._atom()
                assert self._at == behind, "the same text is parsed alike"
            if n >= least:
                self._machine.step(end, found[1])
            self._machine.step(end, found[0])
            end = found[1]
        if most is None:
            if not least:
                self._machine.step(end, found[0])
                self._machine.step(found[1], end)
            else:
                self._machine.step(end, found[0])
        self._at = after
        if self._peek() and self._peek() in "*+?{":
            raise self._wrong("nothing to repeat")
        return begin, end

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
        least, comma, most = inside.partition(",")
        if not least.isdecimal() or not (most.isdecimal() or not most) or (most and int(most) < int(least)):
            raise self._wrong(f"expected {{m}}, {{m,}} or {{m,n}}, found {{{inside}}}")
        self._at += 1
        if max(int(least), int(most or 0)) > MOST_REPEATS:
            raise self._wrong(f"at most {MOST_REPEATS:,} repeats")
        return int(least), (int(most) if most else None) if comma else int(least)

    def _atom(self) -> tuple[int, int]:
        character = self._take()
        if character == "(":
            if self._pattern.startswith("?:", self._at):
                self._at += 2
            found = self._choice()
            if self._peek() != ")":
                raise self._wrong("a ( is never closed")
            self._at += 1
            return found
        if character == "[":
            return self._class()
        if character == ".":
            return self._one(lambda _: True)
        if character in "*+?{":
            raise self._wrong("nothing to repeat")
        if character == "\\":
            escaped = self._take()
            return self._one(KINDS[escaped]) if escaped in KINDS else self._spelled([escaped])
        return self._spelled([character])

    def _class(self) -> tuple[int, int]:
        negated = self._peek() == "^"
        self._at += negated
        kinds: list[Test] = []
        ranges: list[tuple[str, str]] = []
        while self._peek() != "]" or not (kinds or ranges):
            low = self._take()
            if low == "\\":
                low = self._take()
                if low in KINDS:
                    kinds.append(KINDS[low])
                    continue
            high = low
            if self._pattern[self._at : self._at + 1] == "-" and self._pattern[self._at + 1 : self._at + 2] not in (
                "]",
                "",
            ):
                self._at += 1
                high = self._take()
                high = self._take() if high == "\\" else high
                if high < low:
                    raise self._wrong(f"the range {low}-{high} is empty")
            ranges.append((low, high))
        self._at += 1

        def within(character: str) -> bool:
            return any(low <= character <= high for low, high in ranges) or any(kind(character) for kind in kinds)

        if negated:
            return self._one(lambda character: not within(character))
        begin, end = self._one(within)
        if sum(ord(high) - ord(low) + 1 for low, high in ranges) <= WIDEST_CLASS:
            members = (chr(code) for low, high in ranges for code in range(ord(low), ord(high) + 1))
            taken_apart = [member for member in members if len(text.normalized(member, self._form)) > 1]
            if taken_apart:
                inner = self._spelled(taken_apart)
                self._machine.step(begin, inner[0])
                self._machine.step(inner[1], end)
        return begin, end

    def _one(self, test: Test) -> tuple[int, int]:
        begin, end = self._machine.place(), self._machine.place()
        self._machine.step(begin, end, test)
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
                    self._machine.step(known[spelling[: n - 1]], known[spelling[:n]], spelling[n - 1].__eq__)
            self._machine.step(known[spelling[:-1]], end, spelling[-1].__eq__)
        return begin, end


KINDS: dict[str, Test] = {
    "d": str.isdecimal,
    "D": lambda character: not character.isdecimal(),
    "w": lambda character: character.isalnum() or character == "_",
    "W": lambda character: not (character.isalnum() or character == "_"),
    "s": str.isspace,
    "S": lambda character: not character.isspace(),
}
