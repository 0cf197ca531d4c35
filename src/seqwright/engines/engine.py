"""The interface between a training loop and what computes its steps."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from seqwright.models import Inputs, Seq2seq
from seqwright.types import Array

__all__ = ["Engine", "Outcome"]


class Outcome(NamedTuple):
    """The result of a step.

    loss: before the update.   norm: of the gradient before clipping; NaN or infinite if nothing was updated.
    """

    loss: float
    norm: float


class Engine(Protocol):
    """Computes the loss of a batch, its gradient and the update of the parameters."""

    @property
    def network(self) -> Seq2seq:
        """The network with its present parameters, to evaluate and save; the caller does not change them."""

    @property
    def description(self) -> str:
        """Name, version and device, for people."""

    def step(self, inputs: Inputs, rng: np.random.Generator, *, learning_rate: float) -> Outcome:
        """Update the parameters by the gradient of a batch; without effect if loss or gradient are not finite.

        rng: draws the dropout masks, the same ones in each engine.
        """

    def state(self) -> tuple[dict[str, Array], int]:
        """Return copies of the parameters, "params", and of the moments of Adam, "adam.m" and "adam.v", as flat vectors
        in the order of `Seq2seq.params`; and the number of updates of Adam. There are no moments before the first.
        """

    def restore(self, arrays: dict[str, Array], step: int) -> None:
        """Restore what `state` returned, of any engine. Other arrays are ignored, and none is kept."""
