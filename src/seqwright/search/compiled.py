"""The searches of `beam` and `sample` over networks, in compiled code: the same candidates, by one call of a kernel.

The models are given as `kernels.Decoding`s, one for each member of an ensemble, not as a `Step`; the other arguments
are those of the searches over steps. Width 1 is greedy search. Threads may search at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqwright import kernels
from seqwright.search.candidate import Candidate
from seqwright.search.rules import Rules
from seqwright.search.sample import uniforms
from seqwright.types import Array, Ids

__all__ = ["beam", "sample"]


def beam(
    members: Sequence[kernels.Decoding],
    rules: Rules,
    *,
    width: int,
    groups: int = 1,
    diversity: float = 0.0,
) -> list[list[Candidate]]:
    """Return what `search.beam` does."""
    found = _Found.room(members, width, rules)
    kernels.beam(members, *_arguments(rules), groups, diversity, *found)
    return found.candidates(rules, distinct=groups > 1)


def sample(
    members: Sequence[kernels.Decoding],
    rules: Rules,
    *,
    n: int,
    rngs: Sequence[np.random.Generator],
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> list[list[Candidate]]:
    """Return what `search.sample` does."""
    found = _Found.room(members, n, rules)
    B, _, T = found.ids.shape
    draws = np.empty((B, T, n), np.float32)
    for row, rng in zip(draws, rngs, strict=True):
        row[:] = uniforms(rng, T, n)
    kernels.sample(members, *_arguments(rules), draws, temperature, top_k, top_p, *found)
    return found.candidates(rules)


def _arguments(rules: Rules) -> tuple[kernels.Automaton | None, int, int, Ids, Ids]:
    """Return the rules as the kernels take them."""
    automaton = rules.constraint.arrays if rules.constraint else None
    return automaton, rules.start_id, rules.end_id, rules.max_lengths, rules.shortest


class _Found(NamedTuple):
    """The arrays that a kernel leaves its targets in; see `kernels.beam`."""

    ids: Ids
    log_probs: Array
    lengths: Ids
    own_end: Ids
    attended: Array | None

    @classmethod
    def room(cls, members: Sequence[kernels.Decoding], width: int, rules: Rules) -> _Found:
        """Return arrays for `width` targets of each source."""
        B, T, dtype = len(rules.max_lengths), int(rules.max_lengths.max(initial=0)) + 1, members[0].E.dtype
        attended = None
        if all(member.memory is not None for member in members) and members[0].memory is not None:
            attended = np.empty((B, width, T, len(members[0].memory)), dtype)
        return cls(
            np.empty((B, width, T), np.int32), np.zeros((B, width, T), dtype), np.empty((B, width), np.int32),
            np.empty((B, width), np.int32), attended,
        )  # fmt: skip

    def candidates(self, rules: Rules, *, distinct: bool = False) -> list[list[Candidate]]:
        """Return the candidates of each source, best first; with `distinct`, each target once."""
        used = slice(int(self.lengths.max(initial=0)))  # far less than there was room for
        totals = self.log_probs[:, :, used].cumsum(axis=2, dtype=np.float64)  # one addition a step, in order, as `beam`
        ids, log_probs = self.ids[:, :, used].tolist(), self.log_probs[:, :, used].tolist()
        own_end = self.own_end.tolist()
        found: list[list[Candidate]] = []
        for b, lengths in enumerate(self.lengths.tolist()):
            some: list[Candidate] = []
            for k, n in enumerate(lengths):
                said = ids[b][k][: n - 1]
                if n == 0 or (distinct and any(candidate.ids == said for candidate in some)):
                    continue
                looked = None if self.attended is None else self.attended[b, k, :n].copy()  # a view would keep them all
                score = rules.score(b, float(totals[b, k, n - 1]), n, looked)
                some.append(Candidate(said, log_probs[b][k][:n], score, bool(own_end[b][k]), looked))
            found.append(sorted(some, key=lambda candidate: -candidate.score))
        return found
