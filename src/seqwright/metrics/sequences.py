"""Scores of token sequences: exact match and edits, for any data."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec
from rapidfuzz.distance import Levenshtein

from seqwright.errors import UsageError

__all__ = ["Scores", "edit_distance", "evaluate", "group_references", "pooled"]


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What `evaluate` found; rates in percent.

    For phonemes the literature calls ter PER, for letters CER.
    """

    n: int  # items
    errors: int  # items whose whole output differs from every reference
    edits: int  # insertions, deletions and substitutions to the closest references
    tokens: int  # tokens in those references
    exact: float  # 100 · (n - errors) / n
    wer: float  # 100 · errors / n
    ter: float  # 100 · edits / tokens


def evaluate(hypotheses: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]) -> Scores:
    """Return the scores of one answer an item, each against one or more references.

    hypotheses: N token sequences.   references: N lists of token sequences. Both cut by the same `TextFormat`, so that
    texts which differ only in their Unicode form are equal.
    The closest reference is the one with the fewest edits; of equally close ones, the first.
    Where all those references are empty, ter counts against one token.
    """
    n = len(hypotheses)
    if n == 0:
        raise UsageError("there is nothing to evaluate; give at least one hypothesis")
    if n != len(references):
        raise UsageError(f"{n} hypotheses, {len(references)} lists of references; give one list for each")
    if not all(references):
        raise UsageError("an item has no reference; every item needs at least one")
    n_errors = n_edits = n_tokens = 0
    for hypothesis, candidates in zip(hypotheses, references, strict=True):
        distances = [edit_distance(hypothesis, candidate) for candidate in candidates]
        closest = distances.index(min(distances))
        n_errors += distances[closest] > 0
        n_edits += distances[closest]
        n_tokens += len(candidates[closest])
    return _scores(n, n_errors, n_edits, n_tokens)


def pooled(parts: Sequence[Scores]) -> Scores:
    """Return the scores of all items of the parts together."""
    n, n_errors, n_edits, n_tokens = (
        sum(getattr(one, name) for one in parts) for name in ("n", "errors", "edits", "tokens")
    )
    return _scores(n, n_errors, n_edits, n_tokens)


def _scores(n: int, n_errors: int, n_edits: int, n_tokens: int) -> Scores:
    return Scores(
        n=n,
        errors=n_errors,
        edits=n_edits,
        tokens=n_tokens,
        exact=100 * (n - n_errors) / n,
        wer=100 * n_errors / n,
        ter=100 * n_edits / max(n_tokens, 1),
    )


def edit_distance(hypothesis: Sequence[str], reference: Sequence[str]) -> int:
    """Return the fewest insertions, deletions and substitutions of tokens that turn one into the other."""
    return Levenshtein.distance(hypothesis, reference)


class PairLike(Protocol):
    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def features(self) -> str: ...


def group_references(pairs: Iterable[PairLike]) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Return the distinct (source, features) in order of first occurrence, and the distinct targets of each."""
    grouped: dict[tuple[str, str], dict[str, None]] = {}
    for pair in pairs:
        grouped.setdefault((pair.source, pair.features), {})[pair.target] = None
    return list(grouped), [list(targets) for targets in grouped.values()]
