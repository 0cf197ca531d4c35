"""Pairs as ids, cut into padded batches of like length.

Rows are whole examples: what one example's row holds never depends on its neighbours, only how much PAD follows it.
Time is the first axis, as everywhere inside the package.

Data of any size is shuffled in bounded memory. Up to `WINDOW` examples are shuffled as a whole. Of more, an epoch
permutes blocks of `BLOCK` neighbours, takes as many blocks at a time as fill a window, and shuffles that: a batch has
hardly two neighbours of the file, and they are in other company every epoch.
"""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.data import vocabulary
from seqwright.types import Ids

__all__ = [
    "Batch",
    "Examples",
    "IdPair",
    "Positions",
    "batches",
    "end_to_end",
    "pad",
]

Positions = npt.NDArray[np.int64]
IdPair = tuple[tuple[int, ...], tuple[int, ...]]

POOL = 64  # batches sorted together: enough that lengths agree, few enough that neighbours change every epoch
BLOCK = 1 << 8  # examples that stay together until they are in one window
BLOCKS = 1 << 12  # blocks processed together
WINDOW = 1 << 17  # examples shuffled together: a thousand batches, in a processor's cache where examples are short
WINDOW_IDS = 1 << 25  # of either side in a window, so that its memory is bounded where examples are long


class Batch(NamedTuple):
    """B examples; PAD follows the length of each sequence."""

    source: Ids  # (S, B)  tokens, then END: an empty source has length 1
    source_lengths: Ids  # (B,)  END included
    target: Ids  # (T + 1, B)  START, tokens, END: target[:-1] is read, target[1:] is predicted
    target_lengths: Ids  # (B,)  symbols to predict: tokens and END
    index: Positions  # type: ignore[assignment]  # (B,)  the index of each example in the data set; hides tuple.index


@dataclass(frozen=True, slots=True)
class Examples:
    """Encoded pairs, end to end in one array a side: example n is `source[source_starts[n] : source_starts[n + 1]]`.

    source (…,) int16 or int32: tokens, END.   target (…,) alike: START, tokens, END.   starts (N + 1,) int64.
    The arrays may be mapped from files; nothing writes to them.
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

    def pair(self, n: int) -> IdPair:
        """Return the symbols of source and target of an example, without START and END."""
        source = self.source[self.source_starts[n] : self.source_starts[n + 1] - 1]
        target = self.target[self.target_starts[n] + 1 : self.target_starts[n + 1] - 1]
        return tuple(source.tolist()), tuple(target.tolist())

    @classmethod
    def of(cls, pairs: Sequence[IdPair]) -> "Examples":
        """Return the examples of pairs without START and END, as `pair` returns them."""
        return cls(
            *end_to_end([(*source, vocabulary.END) for source, _ in pairs]),
            *end_to_end([(vocabulary.START, *target, vocabulary.END) for _, target in pairs]),
        )

    def take(self, index: Sequence[int] | Positions) -> "Examples":
        """Return the examples at these positions, in that order."""
        return Examples.of([self.pair(int(n)) for n in index])

    def followed_by(self, others: "Examples") -> "Examples":
        """Return these examples and then the others."""
        return Examples(
            np.concatenate([self.source, others.source]),
            np.concatenate([self.source_starts, self.source_starts[-1] + others.source_starts[1:]]),
            np.concatenate([self.target, others.target]),
            np.concatenate([self.target_starts, self.target_starts[-1] + others.target_starts[1:]]),
        )

    def batch(self, index: Positions) -> Batch:
        """Return the examples at these positions, in that order.   index (B,)."""
        source, source_lengths = gather(self.source, self.source_starts, index)
        target, target_lengths = gather(self.target, self.target_starts, index)
        return Batch(source, source_lengths, target, target_lengths - np.int32(1), index)


def end_to_end(sequences: Sequence[Sequence[int]]) -> tuple[Ids, Positions]:
    starts = summed(np.array([len(s) for s in sequences], np.int64))
    flat = np.fromiter((i for s in sequences for i in s), dtype=np.int32, count=int(starts[-1]))
    return flat, starts


def gather(flat: Ids, starts: Positions, index: Positions) -> tuple[Ids, Ids]:
    first = starts[index]
    lengths = starts[index + 1] - first
    step = np.arange(lengths.max(initial=0))[:, None]
    # clip: after the last sequence there is nothing to read
    ids = np.take(flat, first + step, mode="clip").astype(np.int32, copy=False)
    ids[step >= lengths] = vocabulary.PAD
    return ids, lengths.astype(np.int32)


def pad(sequences: Sequence[Sequence[int]]) -> tuple[Ids, Ids]:
    """Return sequences of ids as ids (S, B), PAD after each, and their lengths (B,)."""
    return gather(*end_to_end(sequences), np.arange(len(sequences)))


def batches(
    examples: Examples,
    *,
    batch_size: int,
    rng: np.random.Generator | None,
    max_tokens: int | None = None,
    skip: int = 0,
    pool: int = POOL,
) -> Iterator[Batch]:
    """Yield every example exactly once, in batches of like length.

    rng: shuffles; the examples of a pool of batches are sorted by length, then the batches of a window are shuffled.
    None sorts each window by length, for evaluation: `Batch.index` has the place of each result.
    max_tokens: bounds B · (S + T + 1) of a padded batch, so that long examples come in small batches; an example that
    is longer than that by itself is a batch of its own (`corpus` leaves such examples out).
    skip: this many batches of the epoch are passed over, at the price of their order alone. The rest is what would
    have come after them, if rng is in the state that it was in at the epoch's first batch.
    pool: how many batches are sorted together; 1 leaves it to chance how long the neighbours are.
    """
    assert batch_size > 0, f"batch_size is {batch_size}"
    assert pool > 0, f"pool is {pool}"
    for blocks in windows(examples, rng):
        window = Window(examples, blocks)
        order, cuts = plan(window.source_lengths, window.target_lengths, batch_size, rng, max_tokens, pool)
        turns = np.arange(len(cuts) - 1) if rng is None else rng.permutation(len(cuts) - 1)
        if skip >= len(turns):
            skip -= len(turns)
            continue
        loaded = window.load()
        for i in turns[skip:]:
            batch = loaded.batch(order[cuts[i] : cuts[i + 1]])
            yield batch._replace(index=window.positions[batch.index])
        skip = 0


class Window:
    """Some of the examples: those of the blocks, in their order, or all of them where blocks is None.

    positions (n,): the index of each among all examples.   source_lengths, target_lengths (n,): as of `Examples`.
    """

    source_lengths: Positions
    target_lengths: Positions

    def __init__(self, examples: Examples, blocks: Positions | None) -> None:
        self._examples, self._blocks = examples, blocks
        if blocks is None:
            self.positions: Positions = np.arange(len(examples))
            self.source_lengths, self.target_lengths = examples.source_lengths, examples.target_lengths
        else:
            every = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
            self.positions = every[every < len(examples)]
            self.source_lengths = lengths_at(examples.source_starts, self.positions)
            self.target_lengths = lengths_at(examples.target_starts, self.positions) - 1

    def load(self) -> Examples:
        """Return the examples, copied side by side where they are not all."""
        if self._blocks is None:
            return self._examples
        source = self._copied(self._examples.source, self._examples.source_starts)
        target = self._copied(self._examples.target, self._examples.target_starts)
        return Examples(source, summed(self.source_lengths), target, summed(self.target_lengths + 1))

    def _copied(self, flat: Ids, starts: Positions) -> Ids:
        assert self._blocks is not None
        first = self._blocks * BLOCK
        last = np.minimum(first + BLOCK, len(starts) - 1)
        plain = flat.view(np.ndarray)  # slices of a mapped array cost ten times as much
        copied = np.concatenate(
            [plain[i:j] for i, j in zip(starts[first].tolist(), starts[last].tolist(), strict=True)]
        )
        forget(flat)
        return copied


def lengths_at(starts: Positions, positions: Positions) -> Positions:
    lengths = starts[positions + 1] - starts[positions]
    forget(starts)
    return lengths.view(np.ndarray)


def summed(lengths: Positions) -> Positions:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def windows(examples: Examples, rng: np.random.Generator | None) -> Iterator[Positions | None]:
    """Yield the blocks of each window, in random order, or in theirs where rng is None; None for all in one."""
    n = len(examples)
    if n <= WINDOW and max(len(examples.source), len(examples.target)) <= WINDOW_IDS:
        yield None
        return
    sizes = np.maximum(ids_of_blocks(examples.source_starts), ids_of_blocks(examples.target_starts))
    order: Positions = np.arange(len(sizes)) if rng is None else rng.permutation(len(sizes))
    first, n_ids = 0, 0
    for i, size in enumerate(sizes[order].tolist()):
        if i > first and (n_ids + size > WINDOW_IDS or (i - first) * BLOCK >= WINDOW):
            yield order[first:i]
            first, n_ids = i, 0
        n_ids += size
    yield order[first:]


def ids_of_blocks(starts: Positions) -> Positions:
    edges = []
    for first in range(0, len(starts) - 1, BLOCK * BLOCKS):  # every page of the array is touched, but not all at once
        edges.append(starts[:-1][first : first + BLOCK * BLOCKS : BLOCK].copy())
        forget(starts)
    return np.diff(np.concatenate([*edges, starts[-1:]]))


def forget(array: Ids | Positions) -> None:
    """Release the memory of an array that is mapped from a file; it is read again when it is used again."""
    memory: Any = array.base
    if isinstance(memory, mmap.mmap) and hasattr(memory, "madvise"):  # not on Windows, which trims by itself
        memory.madvise(mmap.MADV_DONTNEED)


def plan(
    source_lengths: Positions,
    target_lengths: Positions,
    batch_size: int,
    rng: np.random.Generator | None,
    max_tokens: int | None,
    pool_batches: int,
) -> tuple[Positions, list[int]]:
    """Return an order of n examples and where to cut it into batches: from cuts[i] to cuts[i + 1]."""
    n = len(source_lengths)
    order: Positions = np.arange(n) if rng is None else rng.permutation(n)
    n_pool = max(n, 1) if rng is None else batch_size * pool_batches
    cuts = [0]
    for start in range(0, n, n_pool):
        pool = order[start : start + n_pool]
        # Target first: its steps cost the most. The sort is stable, so equal lengths stay shuffled.
        pool = pool[np.lexsort((source_lengths[pool], target_lengths[pool]))]
        order[start : start + n_pool] = pool
        cuts += [start + cut for cut in cut_pool(source_lengths[pool], target_lengths[pool], batch_size, max_tokens)]
    return order, cuts


def cut_pool(
    source_lengths: Positions, target_lengths: Positions, batch_size: int, max_tokens: int | None
) -> list[int]:
    """Return where each batch of a pool ends.   lengths (n,): sorted by the target's."""
    n = len(source_lengths)
    # Where even the longest examples fill a batch, there is nothing to measure one by one.
    if max_tokens is None or min(batch_size, n) * (source_lengths.max() + target_lengths[-1] + 1) <= max_tokens:
        return [*range(batch_size, n, batch_size), n]
    cuts, start, longest_source = [], 0, 0
    for i, (S, T) in enumerate(zip(source_lengths.tolist(), target_lengths.tolist(), strict=True)):
        longest_source = max(longest_source, S)
        # T needs no maximum: the pool is sorted by it.
        if i > start and (i - start == batch_size or (i - start + 1) * (longest_source + T + 1) > max_tokens):
            cuts.append(i)
            start, longest_source = i, S
    return [*cuts, n]
