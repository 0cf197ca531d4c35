"""Sets of answers, told in text."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from seqwright.data import text, vocabulary
from seqwright.errors import ConstraintError
from seqwright.inference import pattern as patterns
from seqwright.search import automaton

__all__ = ["build"]


def build(
    format_: text.Splitter,
    known: vocabulary.Vocabulary,
    *,
    prefix: str = "",
    allow: str | None = None,
    one_of: Iterable[str] | None = None,
    pattern: str | None = None,
    min_length: int = 0,
) -> automaton.Automaton | None:
    """Return what all the given constraints have in common; None where none is given.

    prefix: tokens that an answer begins with.   allow: tokens that it may hold.   one_of: texts that it may be; those
    with a token that the model cannot say are left out.   pattern: see `pattern`.   min_length: in tokens, for only a
    constraint can see to that together with others.
    ConstraintError: a prefix or allowed token that the model never says, a wrong pattern, or nothing is left.
    """
    alphabet = np.arange(len(vocabulary.SPECIAL), len(known), dtype=np.int32)
    parts = []
    if prefix:
        parts.append(automaton.prefixed(encoded(prefix, "prefix", format_, known), alphabet))
    if allow is not None:
        parts.append(automaton.repeated(encoded(allow, "allowed symbols", format_, known)))
    if pattern is not None:
        parts.append(patterns.compiled(pattern, format_, known))
    if one_of is not None:
        entries = [known.encode(format_.split(entry)) for entry in one_of]
        sayable = [entry for entry in entries if vocabulary.UNKNOWN not in entry]
        if not sayable:
            raise ConstraintError(f"the model can say none of the {len(entries):,} answers listed")
        parts.append(automaton.listed(sayable))
    if parts and min_length:
        parts.append(automaton.at_least(min_length, alphabet))
    if not parts:
        return None
    found = parts[0]
    for part in parts[1:]:
        found = automaton.common(found, part)
    return found


def encoded(given: str, what: str, format_: text.Splitter, known: vocabulary.Vocabulary) -> list[int]:
    tokens = format_.split(given)
    if never := known.unknown(tokens):
        raise ConstraintError(
            f"{what} {given!r}: the model never says {never[0]!r}; it stands in no target of training"
        )
    return known.encode(tokens)
