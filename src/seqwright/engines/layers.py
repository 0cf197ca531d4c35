"""The engine of our own layers and optimisers, which run on the compiled kernels or on NumPy."""

from __future__ import annotations

import math

import numpy as np

from seqwright import kernels, optim
from seqwright.engines.engine import Outcome
from seqwright.models import Inputs, Seq2seq
from seqwright.types import Array

__all__ = ["Layers"]


class Layers:
    """Trains a network, in place, with an optimiser."""

    network: Seq2seq

    def __init__(self, network: Seq2seq, optimizer: optim.Adam | optim.SGD) -> None:
        self.network, self._optimizer = network, optimizer

    @property
    def description(self) -> str:
        """See `Engine`."""
        return kernels.description()

    def step(self, inputs: Inputs, rng: np.random.Generator, *, learning_rate: float) -> Outcome:
        """See `Engine`."""
        net, self._optimizer.learning_rate = self.network, learning_rate
        loss = net.loss_of(inputs, rng)
        if not math.isfinite(loss):
            return Outcome(loss, math.nan)
        net.backward()
        return Outcome(loss, self._optimizer.update(net.params, net.grads))

    def state(self) -> tuple[dict[str, Array], int]:
        """See `Engine`."""
        arrays, adam = {"params": self.network.params.flat.copy()}, self._optimizer
        if isinstance(adam, optim.SGD):
            return arrays, 0
        if adam.step:
            arrays |= {"adam.m": adam.m.copy(), "adam.v": adam.v.copy()}
        return arrays, adam.step

    def restore(self, arrays: dict[str, Array], step: int) -> None:
        """See `Engine`."""
        self.network.params.flat[:] = arrays["params"]
        adam = self._optimizer
        if isinstance(adam, optim.Adam):
            adam.step = step
            if step:
                adam.m, adam.v = arrays["adam.m"].copy(), arrays["adam.v"].copy()
