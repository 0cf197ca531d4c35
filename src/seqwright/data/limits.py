"""How long texts were in training, and what that makes of the texts to come."""

from typing import Annotated

import msgspec

__all__ = ["MOST_CELLS", "MOST_TOKENS", "Limits"]

MOST_TOKENS = 1 << 16  # of an answer, and of what is read of a source at a time
MOST_CELLS = 1 << 24  # source tokens times target tokens: a search keeps an attention weight for each, and hypothesis
SHORTEST_WINDOW = 50  # tokens: data of single letters does not make a word of thirty too long

Length = Annotated[int, msgspec.Meta(ge=0, le=1 << 29)]  # tokens


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The extremes of a training's pairs, and the bounds drawn from them.

    However large the extremes are, an answer has at most `MOST_TOKENS`, and no more than `MOST_CELLS` allow for its
    source: so the memory of a search is bounded whatever a file states.

    ratio: most target tokens for one source token, its end included.   A model of before they were found has 0 for the
    others: no least length, and windows by its targets.
    """

    longest_target: Length
    ratio: Annotated[float, msgspec.Meta(ge=0, le=1 << 29)]
    shortest_target: Length = 0
    longest_source: Length = 0  # with its features
    shortest_source: Length | None = None  # without them; None: a model of before this was recorded

    def max_length(self, source_length: int) -> int:
        """Return the most tokens to answer a source of source_length tokens (its end included) with."""
        most = min(2 * self.longest_target, round(1.5 * self.ratio * source_length)) + 5
        return min(most, MOST_TOKENS, MOST_CELLS // max(1, source_length))

    def min_length(self, source_length: int) -> int:
        """Return the fewest: half of the shortest target, so 1 where no target was empty; none for an empty source."""
        return min((self.shortest_target + 1) // 2, self.max_length(source_length)) if source_length > 1 else 0

    @property
    def empty_answers_empty(self) -> bool:
        """Whether an empty source has an empty answer: not where training had empty sources, nor in an old model."""
        return bool(self.shortest_source)

    @property
    def window(self) -> int:
        """How many tokens of a source are read at a time, at most: twice the longest of the training, at least 50."""
        return max(min(2 * (self.longest_source or self.longest_target), MOST_TOKENS), SHORTEST_WINDOW)

    def joined(self, other: "Limits") -> "Limits":
        """Return the limits of the pairs of both trainings."""
        return Limits(
            max(self.longest_target, other.longest_target),
            max(self.ratio, other.ratio),
            min(self.shortest_target, other.shortest_target),
            max(self.longest_source, other.longest_source),
            None
            if self.shortest_source is None or other.shortest_source is None
            else min(self.shortest_source, other.shortest_source),
        )
