"""The networks of a training: one, or the members of an ensemble, which are trained one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from seqwright import bundle
from seqwright.bundle import Bundle
from seqwright.nn.parameters import Parameters
from seqwright.training.checkpoint import Checkpoint
from seqwright.training.events import Begun, Event
from seqwright.training.loop import Loop
from seqwright.training.prepare import Prepared
from seqwright.types import Array

__all__ = ["Members"]


class Members:
    """What has been trained so far.   loop: of the network at work.   done: the best parameters of those before it."""

    def __init__(self, prepared: Prepared, base: Bundle | None) -> None:
        self._prepared, self._base = prepared, base
        self.loop = Loop(prepared, base=base)
        self.done: list[Parameters] = []

    def restore(self, moment: Checkpoint) -> None:
        """Go back to a moment that `checkpoint` returned."""
        prepared, self.done = self._prepared, []
        for member in range(moment.done):
            kind = prepared.config.networks[member]
            params = bundle.network(kind, prepared.source_vocabulary, prepared.target_vocabulary).params
            params.flat[:] = moment.arrays[f"done.{member}"]
            self.done.append(params)
        self.loop = Loop(self._prepared, member=len(self.done), base=self._base)
        self.loop.restore(moment)

    def checkpoint(self, identity: dict[str, Any]) -> Checkpoint:
        """Return all that decides about what comes."""
        moment = self.loop.checkpoint(identity)
        done = {f"done.{member}": params.flat for member, params in enumerate(self.done)}
        return msgspec.structs.replace(moment, arrays=moment.arrays | done, done=len(done))

    def events(self) -> Iterator[Event]:
        """Train one network after the other."""
        n = self._prepared.config.training.members
        while True:
            if n > 1:
                yield Begun(len(self.done) + 1, n)
            yield from self.loop.events()
            assert self.loop.best is not None, "a loop ends with a measurement"
            if len(self.done) + 1 == n:
                return
            self.done.append(_kept(self.loop))
            self.loop = Loop(self._prepared, member=len(self.done), base=self._base)

    def weights(self) -> dict[str, Array]:
        """Return the best weights of each network by the names of a model directory.

        One that was never measured counts where there is no other.
        """
        unmeasured = self.loop.best is None
        kept = self.done if unmeasured and self.done else [*self.done, _kept(self.loop)]
        weights: dict[str, Array] = {}
        for member, params in enumerate(kept):
            prefix = f"members.{member}." if self._prepared.config.training.members > 1 else ""
            weights |= {prefix + name: array for name, array in params.named.items()}
        return weights


def _kept(loop: Loop) -> Parameters:
    """Return a copy of the best parameters of a loop, or of those it has where none were measured."""
    params = loop.network.params.like()
    params.flat[:] = loop.network.params.flat if loop.best is None else loop.best
    return params
