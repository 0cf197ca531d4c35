"""Properties of the training pairs that determine the defaults of `training.recipe`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.data import alignment, vocabulary
from seqwright.data.batches import Examples, IdPair
from seqwright.data.tokenizer import Tokenizer
from seqwright.data.vocabulary import START

__all__ = ["FEW", "Traits"]

FEW = 1200  # pairs below which augmentation pays: at 300 a third fewer errors, at 800 a sixth (docs/log.md)
SAMPLE = 2000  # examples, evenly spaced


class Traits(NamedTuple):
    """Properties of the training pairs.

    copied_share: part of the target symbols that occur in their source.   target_length: mean number of symbols.
    sentences: the pairs are sentences and their translations (`data.sentences`).
    correspondence: how much of a target follows from the aligned source (`alignment.explained`); for few pairs only.
    """

    n_pairs: int
    copied_share: float = 0.0
    target_length: float = 0.0
    sentences: bool = False
    correspondence: float = 0.0

    @classmethod
    def of(cls, examples: Examples, source: Tokenizer, target: Tokenizer, *, sentences: bool = False) -> Traits:
        """Return the traits of the examples; START and END are not counted."""
        copy_map = source.vocabulary.copy_map(target.vocabulary)
        n_copied = n_symbols = n_targets = 0
        for n in range(0, len(examples), -(-len(examples) // SAMPLE) or 1):
            source_ids = examples.source[examples.source_starts[n] : examples.source_starts[n + 1] - 1]
            target_ids = examples.target[examples.target_starts[n] : examples.target_starts[n + 1] - 1]
            target_ids = target_ids[target_ids != START]
            n_copied += int(np.isin(target_ids, copy_map[source_ids]).sum())
            n_symbols += len(target_ids)
            n_targets += 1
        correspondence = 0.0
        if len(examples) < FEW and not sentences:
            is_feature = vocabulary.features(source.vocabulary)
            correspondence = alignment.explained(
                alignment.align([_plain(examples, n, is_feature) for n in range(len(examples))])
            )
        return cls(
            len(examples), n_copied / max(1, n_symbols), n_symbols / max(1, n_targets), sentences, correspondence
        )


def _plain(examples: Examples, n: int, is_feature: npt.NDArray[np.bool_]) -> IdPair:
    """Return source and target of an example, without features."""
    source, target = examples.pair(n)
    return source[int(is_feature[list(source)].sum()) :], target
