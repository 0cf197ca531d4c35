"""Dev items with the quantities that the sections of the report use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from seqwright import evaluation, metrics
from seqwright.bundle import Bundle
from seqwright.data import text
from seqwright.inference.translator import Hypothesis

__all__ = ["Item", "items"]


class Item(NamedTuple):
    """One dev source with its hypotheses.

    expected: tokens of the reference that is closest to the best hypothesis.   edits: edit distance between the two.
    rarest: training frequency of the source's rarest symbol; 0 for an unknown one.
    right_at: rank, from 0, of the first correct hypothesis; None if none is correct.
    closest: text of the closest reference.
    """

    source: str
    features: str
    source_tokens: list[str]
    references: list[str]
    expected: list[str]
    hypotheses: list[Hypothesis]
    edits: int
    rarest: int
    right_at: int | None
    closest: str

    @property
    def best(self) -> Hypothesis:
        """The best hypothesis."""
        return self.hypotheses[0]

    @property
    def right(self) -> bool:
        """Whether the best hypothesis is one of the references."""
        return self.right_at == 0

    @property
    def probability(self) -> float:
        """The probability of the best hypothesis, including the end-of-sequence symbol."""
        return math.exp(sum(self.best.log_probs))


def items(answered: Sequence[evaluation.Answered], bundle: Bundle) -> list[Item]:
    """Return the items in the order of the answers."""
    known = bundle.source.vocabulary
    counts = dict(zip(known.symbols, known.counts, strict=True))
    found = []
    for one in answered:
        source = text.source_tokens(one.source, one.features, bundle.source)
        expected = [bundle.target.split(reference) for reference in one.references]
        distances = [metrics.edit_distance(one.hypotheses[0].tokens, tokens) for tokens in expected]
        closest = distances.index(min(distances))
        right_at = next((i for i, h in enumerate(one.hypotheses) if h.tokens in expected), None)
        found.append(
            Item(
                one.source, one.features, source, one.references, expected[closest], one.hypotheses,
                distances[closest], min((counts.get(token, 0) for token in source), default=0), right_at,
                one.references[closest],
            )
        )  # fmt: skip
    return found
