"""How much of the targets could be copied from their sources."""

import numpy as np

from seqwright.data.batches import Examples
from seqwright.data.vocabulary import START, Vocabulary

__all__ = ["share"]

SAMPLE = 2000  # examples, evenly from all


def share(examples: Examples, source_vocabulary: Vocabulary, target_vocabulary: Vocabulary) -> float:
    """Return how many of the target symbols stand in their own source; START and END are not counted."""
    twins = source_vocabulary.twins(target_vocabulary)
    n_copied = n_symbols = 0
    for n in range(0, len(examples), -(-len(examples) // SAMPLE) or 1):
        source = examples.source[examples.source_starts[n] : examples.source_starts[n + 1] - 1]
        target = examples.target[examples.target_starts[n] : examples.target_starts[n + 1] - 1]
        target = target[target != START]
        n_copied += int(np.isin(target, twins[source]).sum())
        n_symbols += len(target)
    return n_copied / max(1, n_symbols)
