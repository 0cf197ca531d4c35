"""What may be asked of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seqwright.errors import UsageError

__all__ = ["Options", "Unknown"]


class Unknown(StrEnum):
    """What becomes of a source symbol that the model has never seen."""

    KEEP = "keep"  # the model makes of it what it has learned to make of the unknown symbol
    COPY = "copy"  # the same, and the symbol is put into the answer where the model looked at it; see `copying`
    DROP = "drop"  # the model does not get to see it
    ERROR = "error"  # the source has no answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How sources are read and answers searched.   UsageError: a value out of its range.

    beam: hypotheses followed at a time; 1 is greedy.   n_best: answers returned; at least so many are followed.
    unknown: see `Unknown`; its words may be given as text.
    max_source_tokens: a longer source is answered in windows; None: what training had, see `Translator`.
    max_batch_tokens: of the sources that are searched together, with their padding; it bounds memory.
    """

    beam: int = 5
    n_best: int = 1
    unknown: Unknown | str = Unknown.KEEP
    max_source_tokens: int | None = None
    max_batch_tokens: int = 16_384

    def __post_init__(self) -> None:
        for name in ("beam", "n_best", "max_source_tokens", "max_batch_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} = {value}: expected at least 1")

        if self.unknown not in list(Unknown):
            raise UsageError(f"unknown = {self.unknown}: expected one of {', '.join(Unknown)}")

    @property
    def width(self) -> int:
        """How many hypotheses are followed."""
        return max(self.beam, self.n_best)
