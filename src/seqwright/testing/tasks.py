"""Toy tasks that a right network learns to the last example in seconds, and a wrong one does not."""

from typing import NamedTuple

import numpy as np

from seqwright.types import Ids

__all__ = ["END", "START", "Task", "copying", "reversing"]

START, END = 0, 1  # ids before and after every target; the symbols of sources and targets follow them


class Task(NamedTuple):
    """Padded pairs in the form that `Seq2seq.forward` takes.

    xs (B, S), ts (B, T + 1): START, the target, END; then END as padding.   source_lengths, target_lengths (B,): how
    many symbols of xs and of ts[:, 1:] are real.   vocab_size: of both sides.
    """

    xs: Ids
    ts: Ids
    source_lengths: Ids
    target_lengths: Ids
    vocab_size: int

    def split(self, count: int) -> tuple["Task", "Task"]:
        """Return the first `count` pairs, and the others."""
        first = self._replace(**{name: getattr(self, name)[:count] for name in self._fields[:-1]})
        return first, self._replace(**{name: getattr(self, name)[count:] for name in self._fields[:-1]})

    def targets(self) -> list[list[int]]:
        """Return the target of each pair, without START and END."""
        return [ts[1:n].tolist() for ts, n in zip(self.ts, self.target_lengths, strict=True)]


def copying(rng: np.random.Generator, count: int, *, symbols: int = 5, longest: int = 4) -> Task:
    """Return `count` distinct pairs of a random string of 1 to `longest` symbols and itself."""
    return _task(rng, count, symbols, longest, order=1)


def reversing(rng: np.random.Generator, count: int, *, symbols: int = 5, longest: int = 4) -> Task:
    """Return `count` distinct pairs of a random string of 1 to `longest` symbols and its reverse."""
    return _task(rng, count, symbols, longest, order=-1)


def _task(rng: np.random.Generator, count: int, symbols: int, longest: int, order: int) -> Task:
    there_are = sum(symbols**n for n in range(1, longest + 1))
    assert count <= there_are, f"there are {there_are} strings of 1 to {longest} of {symbols} symbols, not {count}"
    strings: dict[tuple[int, ...], None] = {}
    while len(strings) < count:
        strings[tuple(rng.integers(END + 1, END + 1 + symbols, size=rng.integers(1, longest + 1)).tolist())] = None
    xs = np.full((count, longest), END, np.int32)
    ts = np.full((count, longest + 2), END, np.int32)
    ts[:, 0] = START
    lengths = np.array([len(string) for string in strings], np.int32)
    for row, string in enumerate(strings):
        xs[row, : len(string)] = string
        ts[row, 1 : 1 + len(string)] = string[::order]
    return Task(xs, ts, lengths, lengths + 1, symbols + 2)
