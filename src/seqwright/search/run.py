"""Searches over models: compiled if all models have a compiled network, otherwise by steps in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from seqwright import kernels
from seqwright.search import compiled
from seqwright.search.beam import beam
from seqwright.search.candidate import Candidate
from seqwright.search.ensemble import ensemble
from seqwright.search.forced import forced
from seqwright.search.rules import Rules
from seqwright.search.sample import sample
from seqwright.search.step import Step
from seqwright.types import Ids

__all__ = ["Model", "Sources"]


class Model(Protocol):
    """A model of targets given sources, such as `models.inference.Inference`."""

    @property
    def network(self) -> kernels.Network | None:
        """The compiled network, None without compiled kernels."""

    def start(self, source: Ids, source_lengths: Ids, *, forbidden: Sequence[int] = ()) -> tuple[Step[Any], Any]:
        """Return the step function and the initial state of a search in NumPy."""


class Sources(NamedTuple):
    """An ensemble of models, and a batch of sources.

    source (S, B) int32, of which row b has lengths[b] symbols.   forbidden: ids that are never generated.
    The methods have the options of the searches of the same name.
    """

    models: Sequence[Model]
    source: Ids
    lengths: Ids
    forbidden: Sequence[int] = ()

    def beam(self, rules: Rules, **options: Any) -> list[list[Candidate]]:
        """Return the candidates of beam search for each source, best first."""
        if networks := self._compiled():
            return compiled.beam(networks, rules, **options)
        return beam(*self._steps(), rules, **options)

    def sample(self, rules: Rules, **options: Any) -> list[list[Candidate]]:
        """Return samples for each source, best first."""
        if networks := self._compiled():
            return compiled.sample(networks, rules, **options)
        return sample(*self._steps(), rules, **options)

    def forced(self, targets: Sequence[Sequence[int]], **options: Any) -> list[Candidate]:
        """Return the given target of each source with its log-probabilities."""
        if networks := self._compiled():
            return compiled.forced(networks, targets, **options)
        return forced(*self._steps(), targets, **options)

    def _compiled(self) -> compiled.Networks | None:
        networks = [model.network for model in self.models]
        members = [network for network in networks if network is not None]
        if len(members) < len(networks):
            return None
        return compiled.Networks(members, self.source, self.lengths, self.forbidden)

    def _steps(self) -> tuple[Step[Any], Any]:
        return ensemble([model.start(self.source, self.lengths, forbidden=self.forbidden) for model in self.models])
