"""Regular expressions over the text of answers, as automata over tokens.

`pattern_syntax` reads the expression; here it becomes an automaton over characters (Thompson 1968), and that one an
automaton over tokens (subset construction). The whole text has to match. Characters are read in the Unicode form of the
model's targets, before composition: in a model of Hangul jamo, the syllable 가 in a pattern stands for its jamo, and a
class for those of its members.

Limited are the work of the construction and the size of the result, so that every pattern is compiled or refused within
about a second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqwright.data import text, vocabulary
from seqwright.errors import ConstraintError
from seqwright.inference.pattern_syntax import Machine, Parser
from seqwright.search import automaton
from seqwright.types import Ids

__all__ = ["compiled"]

MOST_STATES = 20_000
MOST_EDGES = 1 << 22
Kinds = tuple[int, ...]
Groups = dict[int, list[tuple[Kinds, Ids]]]  # spellings and the tokens of each, by the first character


def compiled(pattern: str, format_: text.Splitter, known: vocabulary.Vocabulary) -> automaton.Automaton:
    """Return the answers whose text matches the pattern.   ConstraintError: too large, wrong, or none does."""
    machine = Machine(pattern)
    try:
        begin, end = Parser(pattern, machine, format_.unicode_form).parse()
    except RecursionError:
        raise ConstraintError(f"the pattern {pattern[:20]!r}… has too many groups within groups") from None
    machine.end = end
    space = format_.join(["a", "b"])[1:-1]  # what joining puts between two tokens, as it does with words
    kinds = machine.kinds({*space, *(character for token in known.symbols for character in token)})
    at_start, after_start = (_grouped(known.symbols, before, kinds) for before in ("", space))
    start = machine.closed([begin], at_start=True)
    ahead, accepting = [start], [machine.accepts(start, at_start=True)]
    numbers: dict[frozenset[int], int] = {}  # not of the start, into which nothing leads
    symbols: list[Ids] = []
    targets: list[Ids] = []
    first = [0]
    for n, places in enumerate(ahead):  # grows while it is walked
        some: list[Ids] = []
        leads: list[int] = []
        for kind in machine.next_kinds(places):
            for spelling, members in (after_start if n else at_start).get(kind, ()):
                machine.work()
                if not (reached := machine.read(places, spelling)):
                    continue
                if reached not in numbers:
                    numbers[reached] = len(ahead)
                    ahead.append(reached)
                    accepting.append(machine.accepts(reached))
                some.append(members)
                leads.append(numbers[reached])
        first.append(first[-1] + sum(map(len, some)))
        if len(ahead) > MOST_STATES or first[-1] > MOST_EDGES:
            raise machine.too_large()
        if some:
            read = np.concatenate(some)
            order = np.argsort(read, kind="stable")
            symbols.append(read[order])
            targets.append(np.repeat(np.array(leads, np.int32), list(map(len, some)))[order])
    empty = np.empty(0, np.int32)
    return automaton.Automaton(
        np.array(first, np.int64),
        np.concatenate([empty, *symbols]),
        np.concatenate([empty, *targets]),
        np.array(accepting),
    )


def _grouped(tokens: Sequence[str], before: str, kinds: dict[str, int]) -> Groups:
    """Return the ids of the tokens, sorted, that no step tells apart, by how they are spelled after some characters."""
    members: dict[Kinds, list[int]] = {}
    for symbol, token in enumerate(tokens, start=len(vocabulary.SPECIAL)):
        if spelling := tuple(kinds[character] for character in before + token):
            members.setdefault(spelling, []).append(symbol)
    found: Groups = {}
    for spelling, symbols in members.items():
        found.setdefault(spelling[0], []).append((spelling, np.array(symbols, np.int32)))
    return found
