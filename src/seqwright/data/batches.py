"""Pairs as ids, split into training and dev, and cut into padded batches of like length.

Rows are whole examples: what one example's row holds never depends on its neighbours, only how much PAD follows it.
Time comes first, as everywhere inside the package.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright import errors
from seqwright.data import readers, text, vocabulary
from seqwright.types import Array, Ids

__all__ = [
    "Batch",
    "Examples",
    "batches",
    "encode_pairs",
    "encode_source",
    "hold_out",
    "pad",
    "unknown_rates",
    "with_unknowns",
]

Positions = npt.NDArray[np.int64]

POOL = 64  # batches sorted together: enough that lengths agree, few enough that neighbours change every epoch


class Batch(NamedTuple):
    """B examples; PAD stands behind each sequence's length."""

    source: Ids  # (S, B)  tokens, then END: an empty source has length 1
    source_lengths: Ids  # (B,)  END included
    target: Ids  # (T + 1, B)  START, tokens, END: target[:-1] is read, target[1:] is predicted
    target_lengths: Ids  # (B,)  symbols to predict: tokens and END
    index: Positions  # type: ignore[assignment]  # (B,)  where each example stands in the data set; hides tuple.index


@dataclass(frozen=True, slots=True)
class Examples:
    """Encoded pairs, end to end in one array a side: example n is `source[source_starts[n] : source_starts[n + 1]]`.

    source (…,) int32: tokens, END.   target (…,) int32: START, tokens, END.   starts (N + 1,) int64.
    """

    source: Ids
    source_starts: Positions
    target: Ids
    target_starts: Positions

    def __len__(self) -> int:
        return len(self.source_starts) - 1

    @property
    def source_lengths(self) -> Positions:
        """(N,): tokens and END."""
        return np.diff(self.source_starts)

    @property
    def target_lengths(self) -> Positions:
        """(N,): symbols to predict, tokens and END."""
        return np.diff(self.target_starts) - 1

    def batch(self, index: Positions) -> Batch:
        """Return the examples at these positions, in that order.   index (B,)."""
        source, source_lengths = gather(self.source, self.source_starts, index)
        target, target_lengths = gather(self.target, self.target_starts, index)
        return Batch(source, source_lengths, target, target_lengths - np.int32(1), index)


def encode_source(
    source: str, features: str, source_format: text.TextFormat, source_vocabulary: vocabulary.Vocabulary
) -> list[int]:
    """Return what the encoder reads for one source: features, tokens, END."""
    ids = source_vocabulary.encode(text.source_tokens(source, features, source_format))
    ids.append(vocabulary.END)
    return ids


def encode_pairs(
    pairs: Iterable[readers.Pair],
    *,
    source_format: text.TextFormat,
    target_format: text.TextFormat,
    source_vocabulary: vocabulary.Vocabulary,
    target_vocabulary: vocabulary.Vocabulary,
) -> Examples:
    """Return the pairs as ids, in order; symbols that a vocabulary lacks become UNKNOWN."""
    sources, targets = [], []
    for pair in pairs:
        sources.append(encode_source(pair.source, pair.features, source_format, source_vocabulary))
        target = target_vocabulary.encode(target_format.split(pair.target))
        targets.append([vocabulary.START, *target, vocabulary.END])
    return Examples(*end_to_end(sources), *end_to_end(targets))


def end_to_end(sequences: Sequence[Sequence[int]]) -> tuple[Ids, Positions]:
    starts = np.zeros(len(sequences) + 1, dtype=np.int64)
    np.cumsum([len(s) for s in sequences], out=starts[1:])
    flat = np.fromiter((i for s in sequences for i in s), dtype=np.int32, count=int(starts[-1]))
    return flat, starts


def gather(flat: Ids, starts: Positions, index: Positions) -> tuple[Ids, Ids]:
    first = starts[index]
    lengths = starts[index + 1] - first
    step = np.arange(lengths.max(initial=0))[:, None]
    ids = np.take(flat, first + step, mode="clip")  # clip: behind the last sequence there is nothing to read
    ids[step >= lengths] = vocabulary.PAD
    return ids, lengths.astype(np.int32)


def pad(sequences: Sequence[Sequence[int]]) -> tuple[Ids, Ids]:
    """Return sequences of ids as ids (S, B), PAD behind each, and their lengths (B,)."""
    return gather(*end_to_end(sequences), np.arange(len(sequences)))


def batches(
    examples: Examples, *, batch_size: int, rng: np.random.Generator | None, max_tokens: int | None = None
) -> Iterator[Batch]:
    """Yield every example exactly once, in batches of like length.

    rng: shuffles; the examples of a pool of batches are sorted by length, then all batches are shuffled. None sorts the
    whole set by length, for evaluation: `Batch.index` tells where each result belongs.
    max_tokens: bounds B · (S + T + 1) of a padded batch, so that long examples come in small batches; an example that
    is longer than that by itself comes alone.
    """
    assert batch_size > 0, f"batch_size is {batch_size}"
    n = len(examples)
    order: Positions = np.arange(n) if rng is None else rng.permutation(n)
    n_pool = max(n, 1) if rng is None else batch_size * POOL
    cut = []
    for start in range(0, n, n_pool):
        pool = order[start : start + n_pool]
        # Target first: its steps cost the most. The sort is stable, so equal lengths stay shuffled.
        pool = pool[np.lexsort((examples.source_lengths[pool], examples.target_lengths[pool]))]
        cut += cut_pool(pool, examples, batch_size, max_tokens)
    if rng is not None:
        cut = [cut[i] for i in rng.permutation(len(cut))]
    for index in cut:
        yield examples.batch(index)


def cut_pool(pool: Positions, examples: Examples, batch_size: int, max_tokens: int | None) -> list[Positions]:
    if max_tokens is None:
        return [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
    cut, start, longest_source = [], 0, 0
    source_lengths, target_lengths = examples.source_lengths[pool].tolist(), examples.target_lengths[pool].tolist()
    for i, (S, T) in enumerate(zip(source_lengths, target_lengths, strict=True)):
        longest_source = max(longest_source, S)
        # T needs no maximum: the pool is sorted by it.
        if i > start and (i - start == batch_size or (i - start + 1) * (longest_source + T + 1) > max_tokens):
            cut.append(pool[start:i])
            start, longest_source = i, S
    cut.append(pool[start:])
    return cut


def unknown_rates(symbols: vocabulary.Vocabulary, *, alpha: float = 0.25, at_least: float = 1e-3) -> Array:
    """Return for each id the probability with which training shall hide it: α / (α + count).   (V,) float64.

    A singleton is hidden one time in five, a frequent symbol hardly ever: Kiperwasser & Goldberg 2016, "Simple and
    Accurate Dependency Parsing Using Bidirectional LSTM Feature Representations", section 4.2.
    at_least: for alphabets whose every symbol is frequent, where UNKNOWN would otherwise meet no training.
    Special ids are never hidden; symbols that nobody counted are hidden at the least rate.
    """
    rates = np.zeros(len(symbols))
    counts = np.array(symbols.counts, dtype=np.float64)
    rates[len(vocabulary.SPECIAL) :] = np.where(counts > 0, np.maximum(alpha / (alpha + counts), at_least), at_least)
    return rates


def with_unknowns(batch: Batch, *, source_rates: Array, rng: np.random.Generator) -> Batch:
    """Return the batch with some source symbols replaced by UNKNOWN, so that UNKNOWN is trained.

    source_rates (V,): from `unknown_rates`.   The target keeps its symbols: a model must not learn to answer UNKNOWN.
    """
    hidden = rng.random(batch.source.shape) < source_rates[batch.source]
    return batch._replace(source=np.where(hidden, np.int32(vocabulary.UNKNOWN), batch.source))


def hold_out(
    pairs: Sequence[readers.Pair], *, fraction: float = 0.1, seed: int, at_most: int = 2000
) -> tuple[list[readers.Pair], list[readers.Pair]]:
    """Split into (training, dev) by source: all pairs of one source, whatever their features, fall on one side.

    fraction of the sources go to dev, at least 1 and at most `at_most`. Sources that differ only in their Unicode form
    are the same. Which ones go depends on the set of sources and the seed, not on the order of lines; both sides keep
    the order they had.
    DataError: fewer than two sources.
    """
    assert 0 < fraction < 1, f"fraction is {fraction}"
    keys = [unicodedata.normalize("NFC", pair.source) for pair in pairs]
    sources = sorted(set(keys))
    if len(sources) < 2:
        what = "one pair only" if len(pairs) == 1 else f"{len(pairs)} pairs" + " of one source only" * bool(pairs)
        raise errors.DataError(f"{what}: nothing can be held out to measure on; add pairs, or give a dev file")
    n_dev = min(max(round(fraction * len(sources)), 1), at_most, len(sources) - 1)
    chosen = np.random.default_rng(seed).permutation(len(sources))[:n_dev]
    held = {sources[i] for i in chosen}
    training = [pair for key, pair in zip(keys, pairs, strict=True) if key not in held]
    dev = [pair for key, pair in zip(keys, pairs, strict=True) if key in held]
    return training, dev
