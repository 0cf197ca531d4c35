"""A nondeterministic automaton over characters, built by `pattern_syntax`; `pattern` compiles it to tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from seqwright.errors import ConstraintError

__all__ = ["ANY", "KINDS", "CharacterAutomaton", "Class"]

MOST_WORK = 400_000  # elements of sets, transitions and characters; at most a second
States = frozenset[int]


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


class CharacterAutomaton:
    """A nondeterministic automaton over characters with empty transitions (Thompson 1968); states are numbered.

    end: the accepting state.   ConstraintError from any method: the pattern needs too much work.
    """

    def __init__(self, pattern: str) -> None:
        self.end = -1
        self._pattern, self._work, self._n_states = pattern, 0, 0
        self._free: dict[int, list[int]] = {}
        self._anchored: dict[str, dict[int, list[int]]] = {"^": {}, "$": {}}
        self._literals: dict[int, dict[str, list[int]]] = {}
        self._classes: dict[int, list[tuple[Class, int]]] = {}
        self._same: dict[Class, Class] = {}
        self._kinds: list[tuple[str, frozenset[Class]]] = []  # a character, and the classes that contain it
        self._of_class: dict[Class, list[int]] = {}
        self._of_literal: dict[str, int] = {}
        self._known: dict[tuple[States, int], States] = {}

    def work(self, n: int = 1) -> None:
        """Count steps of work."""
        self._work += n
        if self._work > MOST_WORK:
            raise self.too_large()

    def too_large(self) -> ConstraintError:
        shown = self._pattern if len(self._pattern) <= 40 else f"{self._pattern[:40]}…"
        return ConstraintError(f"the pattern {shown!r} is too large; repeat less, or write a simpler one")

    def state(self) -> int:
        self.work()
        self._n_states += 1
        return self._n_states - 1

    def step(self, origin: int, target: int, reads: str | Class | None = None) -> None:
        """Add a transition that reads a character, one of a class, or nothing."""
        self.work()
        if reads is None:
            self._free.setdefault(origin, []).append(target)
        elif isinstance(reads, Class):
            same = self._same.setdefault(reads, reads)  # one object for all copies of a repeated class
            self._classes.setdefault(origin, []).append((same, target))
        else:
            self.work()  # its table
            self._literals.setdefault(origin, {}).setdefault(reads, []).append(target)

    def anchor(self, origin: int, target: int, where: str) -> None:
        """Add an empty transition, at the start ("^") or the end ("$") of the text only."""
        self._anchored[where].setdefault(origin, []).append(target)

    def kinds(self, characters: Iterable[str]) -> dict[str, int]:
        """Return the equivalence class of each character: characters of one class have the same transitions."""
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

    def closed(self, states: Iterable[int], *, at_start: bool = False, at_end: bool = False) -> States:
        """Return the closure of the states under empty transitions."""
        tables = [self._free, *([self._anchored["^"]] if at_start else []), *([self._anchored["$"]] if at_end else [])]
        found, queue = set(states), list(states)
        while queue:
            state = queue.pop()
            for table in tables:
                for target in table.get(state, ()):
                    if target not in found:
                        found.add(target)
                        queue.append(target)
        self.work(len(found))
        return frozenset(found)

    def accepts(self, states: States, *, at_start: bool = False) -> bool:
        """Return whether one of the states is accepting."""
        if self.end in states or not self._anchored["$"]:
            return self.end in states
        return self.end in self.closed(states, at_start=at_start, at_end=True)

    def next_kinds(self, states: States) -> list[int]:
        """Return the equivalence classes of characters that have a transition from the states."""
        self.work(len(states))
        found = set()
        for state in states:
            for literal in self._literals.get(state, ()):
                if literal in self._of_literal:
                    found.add(self._of_literal[literal])
            for one, _ in self._classes.get(state, ()):
                found.update(self._of_class[one])
        self.work(len(found))
        return sorted(found)

    def read(self, states: States, kinds: Iterable[int]) -> States:
        """Return the states after a sequence of characters; none if it is not a prefix of a match."""
        for kind in kinds:
            key = (states, kind)
            if key not in self._known:
                self._known[key] = self._after(states, kind)
            states = self._known[key]
            if not states:
                break
        return states

    def _after(self, states: States, kind: int) -> States:
        literal, within = self._kinds[kind]
        reached: set[int] = set()
        for state in states:
            if literal and state in self._literals:
                reached.update(self._literals[state].get(literal, ()))
            reached.update(target for one, target in self._classes.get(state, ()) if one in within)
        self.work(len(states))
        return self.closed(reached)
