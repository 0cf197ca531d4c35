"""The networks of a training: a single one, or the members of an ensemble, which are trained one after another."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import msgspec

from seqwright.bundle import Bundle
from seqwright.config import Config
from seqwright.models import Seq2seq, weights
from seqwright.nn.parameters import Parameters
from seqwright.training.checkpoint import Checkpoint, Position
from seqwright.training.events import Begun, Event, Measured, Progressed
from seqwright.training.instruments import Instruments
from seqwright.training.loop import Loop
from seqwright.training.prepare import Prepared
from seqwright.types import Array

__all__ = ["DONE", "Ensemble", "part"]

DONE = "done."  # before the number of a member, of its best parameters in a checkpoint

SHORTEST_S = 1e-3  # for a network with no time left in the budget: one step, and a measurement
# The final scores, calibration and report take as long, for each network, as decoding the dev set so often, greedily.
N_DECODINGS = 5.5


class Ensemble:
    """Trains one network, or several one after another.

    All networks share a time budget: each gets an equal part of what its predecessors have left.
    loop: of the network in training.   done: the best parameters of its predecessors.
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
        self._spent_s = 0.0  # on the predecessors
        self.loop = self._loop(0)

    def restore(self, state: Checkpoint) -> None:
        """Restore a state that `checkpoint` returned."""
        prepared, self.done = self._prepared, []
        for member in range(state.done):
            kind = prepared.config.networks[member]
            spec = kind.spec(len(prepared.source.vocabulary), len(prepared.target.vocabulary))
            params = Parameters(Seq2seq.declared(spec))
            params.flat[:] = state.arrays[f"{DONE}{member}"]
            self.done.append(params)
        self._spent_s = state.spent_s
        self.loop = self._loop(state.done, spent_s=state.spent_s)
        self.loop.restore(state)

    def checkpoint(self, identity: dict[str, Any]) -> Checkpoint:
        """Return the whole state of the training."""
        state = self.loop.checkpoint(identity)
        done = {f"{DONE}{member}": params.flat for member, params in enumerate(self.done)}
        return msgspec.structs.replace(state, arrays=state.arrays | done, done=len(done), spent_s=self._spent_s)

    def events(self) -> Iterator[Event]:
        """Train one network after another; yield the events, with the time and the progress of the whole training."""
        n = self._prepared.config.training.members
        while True:
            if n > 1:
                yield Begun(len(self.done) + 1, n)
            yield from map(self._with_total, self.loop.events())
            assert self.loop.best is not None, "a loop ends with a measurement"
            if len(self.done) + 1 == n:
                return
            done, spent_s = [*self.done, _kept(self.loop)], self.elapsed_s()
            loop = self._loop(len(done), spent_s=spent_s, measuring_s=self.loop.measuring_s)
            self.done, self._spent_s, self.loop = done, spent_s, loop  # together, for a checkpoint after Ctrl-C

    @property
    def best(self) -> Array | None:
        """The best parameters of the network in training, None before its first measurement."""
        return self.loop.best

    @property
    def position(self) -> Position:
        """The progress of the network in training, and the scores of its best parameters."""
        return self.loop.position

    def elapsed_s(self) -> float:
        """Return the seconds spent on all networks, including those before an interruption."""
        return self._spent_s + self.loop.elapsed_s()

    def weights(self) -> dict[str, Array]:
        """Return the best weights of each network, by the names of the model file.

        A network without a measurement is left out, unless it is the only one.
        """
        unmeasured = self.loop.best is None
        kept = self.done if unmeasured and self.done else [*self.done, _kept(self.loop)]
        return weights.joined([one.named for one in kept], numbered=self._prepared.config.training.members > 1)

    def _loop(self, member: int, *, spent_s: float = 0.0, measuring_s: float = 0.0) -> Loop:
        """Return the loop of a network.   spent_s: on its predecessors.   measuring_s: of the last predecessor."""
        config, n_left = self._prepared.config, self._prepared.config.training.members - member
        config, reserved = part(config, n_left=n_left, spent_s=spent_s)
        prepared = dataclasses.replace(self._prepared, config=config)
        return Loop(
            prepared,
            member=member,
            base=self._base,
            reserved=reserved,
            measuring_s=measuring_s,
            instruments=self._instruments,
        )

    def _with_total(self, event: Event) -> Event:
        """Return an event of the current network with the time and the share of the whole training."""
        if not isinstance(event, Progressed | Measured):
            return event
        elapsed_s = self._spent_s + event.elapsed_s
        if isinstance(event, Measured):
            return msgspec.structs.replace(event, elapsed_s=elapsed_s)
        training, n_done = self._prepared.config.training, len(self.done)
        share = (n_done + event.share) / training.members
        if training.time_budget_s is None:
            left_s = elapsed_s / share - elapsed_s
        else:  # each remaining network will take as long as this one
            left_s = event.left_s + (training.members - n_done - 1) * (event.elapsed_s + event.left_s)
        return msgspec.structs.replace(event, share=share, elapsed_s=elapsed_s, left_s=left_s)


def part(config: Config, *, n_left: int, spent_s: float) -> tuple[Config, float]:
    """Return the configuration of one of n_left networks, with its part of the time budget, and `reserved` of `Loop`.

    spent_s: of the budget, by the others.
    """
    reserved = N_DECODINGS * config.training.members / n_left  # the remaining networks leave time for all
    if config.training.time_budget_s is None:
        return config, reserved
    part_s = max((config.training.time_budget_s - spent_s) / n_left, SHORTEST_S)
    training = msgspec.structs.replace(config.training, time_budget_s=part_s)
    return msgspec.structs.replace(config, training=training), reserved


def _kept(loop: Loop) -> Parameters:
    """Return a copy of the best parameters of a loop, or of the present ones if none were measured."""
    params = loop.network.params.like()
    params.flat[:] = loop.network.params.flat if loop.best is None else loop.best
    return params
