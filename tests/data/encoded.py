"""Pairs as ids by plain loops: what `data.encode` is compared with."""

from collections.abc import Iterable

from seqwright.data import batches, readers, vocabulary
from seqwright.data.tokenizer import Tokenizer

__all__ = ["encode_pairs"]


def encode_pairs(pairs: Iterable[readers.Pair], source: Tokenizer, target: Tokenizer) -> batches.Examples:
    """Return the pairs as ids, in order; symbols that a vocabulary lacks become UNKNOWN."""
    sources, targets = [], []
    for pair in pairs:
        sources.append([*source.encode(pair.source, pair.features), vocabulary.END])
        targets.append([vocabulary.START, *target.encode(pair.target), vocabulary.END])
    return batches.Examples(*batches.end_to_end(sources), *batches.end_to_end(targets))
