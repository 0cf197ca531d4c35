"""The networks of a training: one, or the members of an ensemble, which are trained one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from seqwright import bundle
from seqwright.bundle import Bundle
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
        self.done: list[Array] = []

    def restore(self, moment: Checkpoint) -> None:
        """Go back to a moment that `checkpoint` returned."""
        self.done = [moment.arrays[f"done.{member}"] for member in range(moment.done)]
        self.loop = Loop(self._prepared, member=len(self.done), base=self._base)
        self.loop.restore(moment)

    def checkpoint(self, identity: dict[str, Any]) -> Checkpoint:
        """Return all that decides about what comes."""
        moment = self.loop.checkpoint(identity)
        done = {f"done.{member}": flat for member, flat in enumerate(self.done)}
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
            self.done.append(self.loop.best)
            self.loop = Loop(self._prepared, member=len(self.done), base=self._base)

    def weights(self) -> dict[str, Array]:
        """Return the best weights of each network by the names of a model directory.

        One that was never measured counts where there is no other.
        """
        kept = [*self.done, *([] if self.loop.best is None else [self.loop.best])] or [self.loop.network.params.flat]
        prepared = self._prepared
        weights: dict[str, Array] = {}
        for member, (kind, flat) in enumerate(zip(prepared.config.networks, kept, strict=False)):
            params = bundle.network(kind, prepared.source_vocabulary, prepared.target_vocabulary).params
            params.flat[:] = flat
            prefix = f"members.{member}." if prepared.config.training.members > 1 else ""
            weights |= {prefix + name: array for name, array in params.named.items()}
        return weights
