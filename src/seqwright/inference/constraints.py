"""Constraints: sets of allowed targets, described in text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from seqwright.data import vocabulary
from seqwright.data.tokenizer import Tokenizer
from seqwright.errors import ConstraintError
from seqwright.inference import pattern as patterns
from seqwright.search import automaton

__all__ = ["build"]


def build(
    target: Tokenizer,
    *,
    prefix: str = "",
    prefix_tokens: Sequence[str] = (),
    allow: str | None = None,
    one_of: Iterable[str] | None = None,
    pattern: str | None = None,
    min_length: int = 0,
) -> automaton.Automaton | None:
    """Return the intersection of the given constraints; None without any.

    prefix, prefix_tokens: the first tokens, as text or one by one.   allow: the allowed tokens.   one_of: the allowed
    texts; those with a token that is not in the vocabulary are left out.   pattern: see `pattern`.   min_length: in
    tokens.
    ConstraintError: a token that is not in the vocabulary, an invalid pattern, or an empty intersection.
    """
    alphabet = np.arange(len(vocabulary.SPECIAL), len(target.vocabulary), dtype=np.int32)
    parts = []
    if prefix:
        parts.append(automaton.prefixed(encoded(target.split(prefix), f"prefix {prefix!r}", target), alphabet))
    if prefix_tokens:
        parts.append(automaton.prefixed(encoded(prefix_tokens, "prefix", target), alphabet))
    if allow is not None:
        parts.append(automaton.repeated(encoded(target.split(allow), f"allowed symbols {allow!r}", target)))
    if pattern is not None:
        parts.append(patterns.compiled(pattern, target))
    if one_of is not None:
        entries = [target.encode(entry) for entry in one_of]
        known_entries = [entry for entry in entries if vocabulary.UNKNOWN not in entry]
        if not known_entries:
            raise ConstraintError(f"each of the {len(entries):,} texts has a token outside the vocabulary")
        parts.append(automaton.listed(known_entries))
    if parts and min_length:
        parts.append(automaton.at_least(min_length, alphabet))
    if not parts:
        return None
    found = parts[0]
    for part in parts[1:]:
        found = automaton.common(found, part)
    return found


def encoded(tokens: Sequence[str], what: str, target: Tokenizer) -> list[int]:
    if never := target.vocabulary.unknown(tokens):
        raise ConstraintError(f"{what}: {never[0]!r} is not in the vocabulary of targets; no training target has it")
    return target.vocabulary.encode(tokens)
