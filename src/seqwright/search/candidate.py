"""A result of a search."""

from typing import NamedTuple

from seqwright.types import Array

__all__ = ["Candidate"]


class Candidate(NamedTuple):
    """A target: its ids without the end symbol.

    log_probs: of each id and of the end symbol.   score: see `Ranking`.
    finished: False if the maximum length forced the end symbol.
    attention_weights (T, S): of each id and of the end symbol, None for models without attention.
    """

    ids: list[int]
    log_probs: list[float]
    score: float
    finished: bool
    attention_weights: Array | None
