"""The networks of a training: one, or the members of an ensemble, which are trained one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from seqwright.bundle import Bundle
from seqwright.models import Seq2seq, weights
from seqwright.nn.parameters import Parameters
from seqwright.training.checkpoint import Checkpoint, Position
from seqwright.training.events import Begun, Event, Measured, Progressed
from seqwright.training.instruments import Instruments
from seqwright.training.loop import Loop
from seqwright.training.prepare import Prepared
from seqwright.types import Array

__all__ = ["Ensemble"]

SHORTEST_S = 1e-3  # of a network whose time the others have taken: a step, and it is measured
ANSWERINGS = 5.5  # of the dev set, greedy, take as long as a network's part in the last scores, calibration and report


class Ensemble:
    """What has been trained so far.   loop: of the network at work.   done: the best parameters of those before it.

    All share one clock and one time budget, of which each takes an equal part of what those before it have left.
    """

    loop: Loop

    def __init__(
        self,
        prepared: Prepared,
        base: Bundle | None = None,
        *,
        instruments: Instruments = Instruments(),  # noqa: B008 - immutable
    ) -> None:
        self._prepared, self._base, self._instruments = prepared, base, instruments
        self.done: list[Parameters] = []
        self._spent_s = 0.0  # on those before the one at work
        self.loop = self._loop(0)

    def restore(self, moment: Checkpoint) -> None:
        """Go back to a moment that `checkpoint` returned."""
        prepared, self.done = self._prepared, []
        for member in range(moment.done):
            kind = prepared.config.networks[member]
            spec = kind.spec(len(prepared.source_vocabulary), len(prepared.target_vocabulary))
            params = Parameters(Seq2seq.declared(spec))
            params.flat[:] = moment.arrays[f"done.{member}"]
            self.done.append(params)
        self._spent_s = moment.spent_s
        self.loop = self._loop(moment.done, spent_s=moment.spent_s)
        self.loop.restore(moment)

    def checkpoint(self, identity: dict[str, Any]) -> Checkpoint:
        """Return all that decides about what comes."""
        moment = self.loop.checkpoint(identity)
        done = {f"done.{member}": params.flat for member, params in enumerate(self.done)}
        return msgspec.structs.replace(moment, arrays=moment.arrays | done, done=len(done), spent_s=self._spent_s)

    def events(self) -> Iterator[Event]:
        """Train one network after the other."""
        n = self._prepared.config.training.members
        while True:
            if n > 1:
                yield Begun(len(self.done) + 1, n)
            yield from map(self._of_all, self.loop.events())
            assert self.loop.best is not None, "a loop ends with a measurement"
            if len(self.done) + 1 == n:
                return
            done, spent_s = [*self.done, _kept(self.loop)], self.elapsed_s()
            loop = self._loop(len(done), spent_s=spent_s, measuring_s=self.loop.measuring_s)
            self.done, self._spent_s, self.loop = done, spent_s, loop  # at once: a checkpoint may come at any moment

    @property
    def best(self) -> Array | None:
        """The best parameters of the network in training, None before its first measurement."""
        return self.loop.best

    @property
    def position(self) -> Position:
        """The progress of the network in training, and the scores of its best parameters."""
        return self.loop.position

    def elapsed_s(self) -> float:
        """Return the seconds spent on all networks, those before an interruption with them."""
        return self._spent_s + self.loop.elapsed_s()

    def weights(self) -> dict[str, Array]:
        """Return the best weights of each network by the names of a model directory.

        One that was never measured counts where there is no other.
        """
        unmeasured = self.loop.best is None
        kept = self.done if unmeasured and self.done else [*self.done, _kept(self.loop)]
        return weights.joined([one.named for one in kept], numbered=self._prepared.config.training.members > 1)

    def _loop(self, member: int, *, spent_s: float = 0.0, measuring_s: float = 0.0) -> Loop:
        """Return the loop of a network.   spent_s: on those before.   measuring_s: as their last one said."""
        config = self._prepared.config
        n_left = config.training.members - member
        if config.training.time_budget_s is not None:
            part_s = max((config.training.time_budget_s - spent_s) / n_left, SHORTEST_S)
            part = msgspec.structs.replace(config.training, time_budget_s=part_s)
            config = msgspec.structs.replace(config, training=part)
        rest = ANSWERINGS * config.training.members / n_left  # those that are left make room for all
        prepared = self._prepared._replace(config=config)
        return Loop(
            prepared, member=member, base=self._base, rest=rest, measuring_s=measuring_s, instruments=self._instruments
        )

    def _of_all(self, event: Event) -> Event:
        """Return an event of the network at work with the time and the share of all."""
        if not isinstance(event, Progressed | Measured):
            return event
        elapsed_s = self._spent_s + event.elapsed_s
        if isinstance(event, Measured):
            return msgspec.structs.replace(event, elapsed_s=elapsed_s)
        training, n_done = self._prepared.config.training, len(self.done)
        share = (n_done + event.share) / training.members
        if training.time_budget_s is None:
            left_s = elapsed_s / share - elapsed_s
        else:  # what one network leaves is the others', so that each that is left takes as long as this one
            left_s = event.left_s + (training.members - n_done - 1) * (event.elapsed_s + event.left_s)
        return msgspec.structs.replace(event, share=share, elapsed_s=elapsed_s, left_s=left_s)


def _kept(loop: Loop) -> Parameters:
    """Return a copy of the best parameters of a loop, or of those it has where none were measured."""
    params = loop.network.params.like()
    params.flat[:] = loop.network.params.flat if loop.best is None else loop.best
    return params
