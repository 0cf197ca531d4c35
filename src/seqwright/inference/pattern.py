"""Regular expressions over target text, compiled to automata over tokens.

`pattern_syntax` reads the expression; here it becomes an automaton over characters (Thompson 1968), and that one an
automaton over tokens (subset construction). The whole text has to match. Characters are read in the Unicode form of the
model's targets, before composition: in a model of Hangul jamo, the syllable 가 in a pattern matches its jamo, and a
class those of its members.

The work of the construction and the size of the result are limited, so that every pattern is compiled or refused within
about a second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqwright.data import vocabulary
from seqwright.data.tokenizer import Tokenizer
from seqwright.errors import ConstraintError
from seqwright.inference.pattern_automaton import CharacterAutomaton
from seqwright.inference.pattern_syntax import Parser
from seqwright.search import automaton
from seqwright.types import Ids

__all__ = ["compiled"]

MOST_STATES = 20_000
MOST_EDGES = 1 << 22
Kinds = tuple[int, ...]
Groups = dict[int, list[tuple[Kinds, Ids]]]  # equivalence classes of characters with their tokens, by the first class


def compiled(pattern: str, target: Tokenizer) -> automaton.Automaton:
    """Return the targets whose text matches.   ConstraintError: a syntax error, too large, or no target matches."""
    characters = CharacterAutomaton(pattern)
    try:
        begin, end = Parser(pattern, characters, target.unicode_form).parse()
    except RecursionError:
        raise ConstraintError(f"the pattern {pattern[:20]!r}… has too many nested groups") from None
    characters.end = end
    space = target.join(["a", "b"])[1:-1]  # the separator of tokens: a space for words, else empty
    known = target.vocabulary.symbols
    kinds = characters.kinds({*space, *(one for token in known for one in token)})
    at_start, after_start = (_grouped(known, before, kinds) for before in ("", space))
    start = characters.closed([begin], at_start=True)
    queue, accepting = [start], [characters.accepts(start, at_start=True)]
    numbers: dict[frozenset[int], int] = {}  # without the start, which has no incoming transition
    symbols: list[Ids] = []
    targets: list[Ids] = []
    first = [0]
    for n, states in enumerate(queue):  # grows in the loop
        some: list[Ids] = []
        leads: list[int] = []
        for kind in characters.next_kinds(states):
            for spelling, members in (after_start if n else at_start).get(kind, ()):
                characters.work()
                if not (reached := characters.read(states, spelling)):
                    continue
                if reached not in numbers:
                    numbers[reached] = len(queue)
                    queue.append(reached)
                    accepting.append(characters.accepts(reached))
                some.append(members)
                leads.append(numbers[reached])
        first.append(first[-1] + sum(map(len, some)))
        if len(queue) > MOST_STATES or first[-1] > MOST_EDGES:
            raise characters.too_large()
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
    """Return the tokens, as sorted ids, by their equivalence classes of characters, with `before` in front of each."""
    members: dict[Kinds, list[int]] = {}
    for symbol, token in enumerate(tokens, start=len(vocabulary.SPECIAL)):
        if spelling := tuple(kinds[character] for character in before + token):
            members.setdefault(spelling, []).append(symbol)
    found: Groups = {}
    for spelling, symbols in members.items():
        found.setdefault(spelling[0], []).append((spelling, np.array(symbols, np.int32)))
    return found
