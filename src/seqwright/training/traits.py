"""Properties of the training pairs that determine the defaults of `training.recipe`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqwright.data.batches import Examples
from seqwright.data.vocabulary import START, Vocabulary

__all__ = ["Traits"]

SAMPLE = 2000  # examples, evenly spaced


class Traits(NamedTuple):
    """Properties of the training pairs.

    copied_share: part of the target symbols that occur in their source.   target_length: mean number of symbols.
    sentences: the pairs are sentences and their translations (`data.sentences`).
    """

    n_pairs: int
    copied_share: float = 0.0
    target_length: float = 0.0
    sentences: bool = False

    @classmethod
    def of(
        cls,
        examples: Examples,
        source_vocabulary: Vocabulary,
        target_vocabulary: Vocabulary,
        *,
        sentences: bool = False,
    ) -> Traits:
        """Return the traits of the examples; START and END are not counted."""
        copy_map = source_vocabulary.copy_map(target_vocabulary)
        n_copied = n_symbols = n_targets = 0
        for n in range(0, len(examples), -(-len(examples) // SAMPLE) or 1):
            source = examples.source[examples.source_starts[n] : examples.source_starts[n + 1] - 1]
            target = examples.target[examples.target_starts[n] : examples.target_starts[n + 1] - 1]
            target = target[target != START]
            n_copied += int(np.isin(target, copy_map[source]).sum())
            n_symbols += len(target)
            n_targets += 1
        return cls(len(examples), n_copied / max(1, n_symbols), n_symbols / max(1, n_targets), sentences)
