"""The engine that trains with PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import distributed

from seqwright.engines.engine import Outcome
from seqwright.engines.pytorch.replica import Replica
from seqwright.engines.pytorch.tensors import masks
from seqwright.errors import TrainingError
from seqwright.models import Inputs, Seq2seq
from seqwright.types import Array

__all__ = ["PyTorch"]


class PyTorch:
    """Trains a network on the device of a replica.

    network: receives the parameters when it is used.   send: sends a call of the replica to those of other processes.
    """

    description: str

    def __init__(
        self,
        network: Seq2seq,
        replica: Replica,
        send: Callable[[str, tuple[Any, ...]], None] | None,
        description: str,
    ) -> None:
        self._network, self._replica, self._send, self.description = network, replica, send, description
        self._is_current = True
        self._call("restore", {"params": network.params.flat}, 0)

    @property
    def network(self) -> Seq2seq:
        """See `Engine`."""
        if not self._is_current:
            self._replica.copy_to(self._network.params)
            self._is_current = True
        return self._network

    def step(self, inputs: Inputs, rng: np.random.Generator, *, learning_rate: float) -> Outcome:
        """See `Engine`."""
        drawn = masks(self._network.spec, inputs.source.shape[1], rng, self._network.params.dtype.type)
        outcome: Outcome = self._call("step", inputs, drawn, learning_rate)
        self._is_current = False
        return outcome

    def state(self) -> tuple[dict[str, Array], int]:
        """See `Engine`."""
        return self._replica.state()

    def restore(self, arrays: dict[str, Array], step: int) -> None:
        """See `Engine`."""
        self._call(
            "restore", {name: arrays[name] for name in arrays if name == "params" or name.startswith("adam.")}, step
        )
        self._is_current = False

    def _call(self, name: str, *arguments: Any) -> Any:
        """Call a method of the replica in every process."""
        try:
            if self._send is not None:
                self._send(name, arguments)
            return getattr(self._replica, name)(*arguments)
        except torch.OutOfMemoryError as error:
            raise TrainingError(
                f"the device has not enough memory ({str(error).partition('. ')[0]}); lower training.batch_size or "
                f"training.max_batch_tokens"
            ) from None
        except RuntimeError as error:
            if not (isinstance(error, distributed.DistError) or "gloo" in str(error).lower()):
                raise
            raise TrainingError(
                "another process of this training has ended; the last checkpoint is kept: run the same command again, "
                "or let torchrun do so with --max-restarts"
            ) from None
