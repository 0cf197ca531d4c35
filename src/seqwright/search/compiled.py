"""Searches over compiled networks: the results of `beam`, `sample` and `forced` from one kernel call each.

The models are a `kernels.Network` for each member of an ensemble instead of a `Step`; the kernels also encode the
sources. Other arguments are as for the searches over steps. Any number of threads may search at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seqwright import kernels
from seqwright.search.candidate import Candidate
from seqwright.search.ranking import Ranking
from seqwright.search.rules import Rules
from seqwright.search.sample import uniforms
from seqwright.types import Array, Ids

__all__ = ["Networks", "beam", "forced", "sample"]


class Networks(NamedTuple):
    """Networks, the sources (S, B) with lengths (B,) that they encode, and ids that are never generated."""

    members: Sequence[kernels.Network]
    source: Ids
    source_lengths: Ids
    forbidden: Sequence[int] = ()

    def arguments(self) -> tuple[Sequence[kernels.Network], Ids, Ids, Ids]:
        """Return the first arguments of the kernels that search."""
        return self.members, self.source, self.source_lengths, np.array(self.forbidden, np.int32)


def beam(
    networks: Networks, rules: Rules, *, width: int, groups: int = 1, diversity: float = 0.0
) -> list[list[Candidate]]:
    """Return the candidates of `search.beam`."""
    found = _Found.empty(networks, width, int(rules.max_lengths.max(initial=0)) + 1)
    kernels.beam(*networks.arguments(), *_arguments(rules), groups, diversity, *found)
    return found.candidates(rules, distinct=groups > 1)


def sample(
    networks: Networks,
    rules: Rules,
    *,
    n: int,
    rngs: Sequence[np.random.Generator],
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> list[list[Candidate]]:
    """Return the candidates of `search.sample`."""
    found = _Found.empty(networks, n, int(rules.max_lengths.max(initial=0)) + 1)
    B, _, T = found.ids.shape
    draws = np.empty((B, T, n), np.float32)
    for row, rng in zip(draws, rngs, strict=True):
        row[:] = uniforms(rng, T, n)
    kernels.sample(*networks.arguments(), *_arguments(rules), draws, temperature, top_k, top_p, *found)
    return found.candidates(rules)


def forced(
    networks: Networks,
    targets: Sequence[Sequence[int]],
    *,
    start_id: int,
    end_id: int,
    source_lengths: Ids | None = None,
    ranking: Ranking = Ranking(),  # noqa: B008 - a tuple cannot change
) -> list[Candidate]:
    """Return the candidates of `search.forced`."""
    lengths = np.array([len(ids) + 1 for ids in targets], np.int32)
    found = _Found.empty(networks, 1, int(lengths.max(initial=0)))
    padded = np.zeros((len(targets), found.ids.shape[2]), np.int32)
    for row, ids in zip(padded, targets, strict=True):
        row[: len(ids) + 1] = [*ids, end_id]
    kernels.score(*networks.arguments(), start_id, padded, lengths, *found)
    rules = Rules(start_id, end_id, lengths, source_lengths=source_lengths, ranking=ranking)
    return [one._replace(finished=True) for [one] in found.candidates(rules)]


def _arguments(rules: Rules) -> tuple[Any, ...]:
    """Return the rules as arguments of the kernels."""
    automaton = rules.constraint.arrays if rules.constraint else None
    return rules.start_id, rules.end_id, rules.max_lengths, rules.fewest, automaton


class _Found(NamedTuple):
    """Output arrays of a search kernel.

    ids (B, width, T): each target and its end symbol.   log_probs (B, width, T).   lengths (B, width): number of
    symbols including the end, 0 for no target; later elements are not written.   ended_by_model (B, width): 0 if only
    the maximum length forced the end.   attention_weights (B, width, T, S), or None.
    """

    ids: Ids
    log_probs: Array
    lengths: Ids
    ended_by_model: Ids
    attention_weights: Array | None

    @classmethod
    def empty(cls, networks: Networks, width: int, T: int) -> _Found:
        """Return arrays for `width` targets of each source, with T steps."""
        B = len(networks.source_lengths)
        weights = None
        if all(member.attends for member in networks.members):
            S = networks.members[0].memory_steps(networks.source, networks.source_lengths)
            weights = np.empty((B, width, T, S), np.float32)
        return cls(
            np.empty((B, width, T), np.int32), np.zeros((B, width, T), np.float32), np.empty((B, width), np.int32),
            np.empty((B, width), np.int32), weights,
        )  # fmt: skip

    def candidates(self, rules: Rules, *, distinct: bool = False) -> list[list[Candidate]]:
        """Return the candidates of each source, best first; with `distinct`, each target once."""
        used = slice(int(self.lengths.max(initial=0)))  # the longest target is often much shorter than T
        totals = self.log_probs[:, :, used].cumsum(axis=2, dtype=np.float64)  # in order, as in `beam`: the same bytes
        ids, log_probs = self.ids[:, :, used].tolist(), self.log_probs[:, :, used].tolist()
        ended_by_model = self.ended_by_model.tolist()
        found: list[list[Candidate]] = []
        for b, lengths in enumerate(self.lengths.tolist()):
            some: list[Candidate] = []
            for k, n in enumerate(lengths):
                symbols = ids[b][k][: n - 1]
                if n == 0 or (distinct and any(candidate.ids == symbols for candidate in some)):
                    continue
                weights = self.attention_weights
                weights = None if weights is None else weights[b, k, :n].copy()  # a view would keep all of them
                score = rules.score(b, float(totals[b, k, n - 1]), n, weights)
                some.append(Candidate(symbols, log_probs[b][k][:n], score, bool(ended_by_model[b][k]), weights))
            found.append(sorted(some, key=lambda candidate: -candidate.score))
        return found
