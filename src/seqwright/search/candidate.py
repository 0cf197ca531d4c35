"""One answer of a search."""

from typing import NamedTuple

from seqwright.types import Array

__all__ = ["Candidate"]


class Candidate(NamedTuple):
    """A target: its ids without the end symbol.

    log_probs: of each id, and of the end symbol.   score: what the search ranked it by, their sum divided by a power of
    their number.   finished: whether it ended by itself, False where the greatest length cut it off.
    attended (T, S): where each of those symbols looked, None where the model cannot say.
    """

    ids: list[int]
    log_probs: list[float]
    score: float
    finished: bool
    attended: Array | None
