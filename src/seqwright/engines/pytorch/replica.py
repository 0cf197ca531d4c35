"""One network in training on one device; with several processes, each has one, and all have the same parameters."""

from __future__ import annotations

import contextlib
import math
from typing import NamedTuple

import numpy as np
import torch
from torch import distributed, nn

from seqwright import optim
from seqwright.engines.engine import Outcome
from seqwright.engines.pytorch.network import Network
from seqwright.engines.pytorch.tensors import Masks, Tensors, share
from seqwright.models import Inputs, ModelSpec
from seqwright.nn.parameters import Parameters
from seqwright.types import Array

__all__ = ["Optimizer", "Replica"]

MOMENTS = {"adam.m": "exp_avg", "adam.v": "exp_avg_sq"}


class Optimizer(NamedTuple):
    """The settings of an optimiser; betas are None for stochastic gradient descent."""

    betas: tuple[float, float] | None
    eps: float
    weight_decay: float
    clip_norm: float | None

    @classmethod
    def of(cls, optimizer: optim.Adam | optim.SGD) -> Optimizer:
        """Return the settings of one of ours."""
        if isinstance(optimizer, optim.SGD):
            return cls(None, 0.0, 0.0, optimizer.clip_norm)
        return cls(optimizer.betas, optimizer.eps, optimizer.weight_decay, optimizer.clip_norm)

    def build(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return PyTorch's; the learning rate is set in each step."""
        if self.betas is None:
            return torch.optim.SGD(parameters, fused=True)
        return torch.optim.AdamW(parameters, betas=self.betas, eps=self.eps, weight_decay=self.weight_decay, fused=True)


class Replica:
    """A network, its optimiser and its gradients on a device.

    dtype: of the parameters.   precision: of the products, "float32" (the dtype of the parameters) or "bfloat16".
    """

    def __init__(
        self,
        spec: ModelSpec,
        optimizer: Optimizer,
        *,
        device: torch.device,
        precision: str = "float32",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        # cuDNN supports packed batches; where it is absent, padded ones are faster or the only supported ones.
        self._network = Network(spec, packed=device.type == "cuda").to(device, dtype)
        self._spec, self._device, self._dtype, self._precision = spec, device, dtype, precision
        self._parameters = [parameter for parameter in self._network.parameters() if parameter.requires_grad]
        self._settings, self._optimizer = optimizer, optimizer.build(self._parameters)
        self._step = 0
        self._rank, self._n_ranks, self._module = 0, 1, self._network
        if distributed.is_initialized():
            self._rank, self._n_ranks = distributed.get_rank(), distributed.get_world_size()
            self._module = nn.parallel.DistributedDataParallel(self._network, gradient_as_bucket_view=True)

    def step(self, inputs: Inputs, masks: Masks, learning_rate: float) -> Outcome:
        """Update the parameters by the gradient of a batch, of which this process computes its share."""
        n_symbols = max(1, int(np.minimum(inputs.target_lengths, len(inputs.read)).sum()))
        if self._n_ranks > 1:
            inputs, masks = share(inputs, masks, self._rank, self._n_ranks)
        batch = Tensors.of(inputs, masks, self._spec, self._device, self._dtype)
        self._optimizer.zero_grad(set_to_none=True)
        with self._autocast():
            loss = self._module(batch) / n_symbols
        (loss * self._n_ranks).backward()  # the gradients of all processes are averaged
        total = loss.detach()
        if self._n_ranks > 1:
            distributed.all_reduce(total)
        foreach = None if self._device.type == "cuda" else False
        norm = nn.utils.get_total_norm([p.grad for p in self._parameters if p.grad is not None], foreach=foreach)
        found = Outcome(*torch.stack([total.double(), norm.double()]).tolist())
        if not (math.isfinite(found.loss) and math.isfinite(found.norm)):
            return found._replace(norm=math.nan)
        clip_norm = self._settings.clip_norm
        if clip_norm is not None and found.norm > clip_norm:
            nn.utils.clip_grads_with_norm_(self._parameters, clip_norm, norm, foreach=foreach)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.step()
        if self._settings.weight_decay:
            self._network.freeze_()  # these weights have no gradient, but would decay
        self._step += self._settings.betas is not None
        return found

    def state(self) -> tuple[dict[str, Array], int]:
        """See `Engine`."""
        arrays = {"params": self._network.flat()}
        if self._step:
            state = self._optimizer.state
            arrays |= {name: self._network.flat(lambda p, key=key: state[p][key]) for name, key in MOMENTS.items()}
        return arrays, self._step

    def restore(self, arrays: dict[str, Array], step: int) -> None:
        """See `Engine`."""
        self._network.load_(arrays["params"])
        if self._settings.betas is None:
            return
        self._step, state = step, self._optimizer.state
        state.clear()
        if not step:
            return
        for parameter in self._parameters:
            state[parameter] = {
                "step": torch.tensor(float(step), device=self._device),
                **{key: torch.zeros_like(parameter) for key in MOMENTS.values()},
            }
        for name, key in MOMENTS.items():
            self._network.load_(arrays[name], lambda p, key=key: state[p][key])

    def copy_to(self, parameters: Parameters) -> None:
        """Write the parameters to ours."""
        parameters.flat[:] = self._network.flat()

    def _autocast(self) -> contextlib.AbstractContextManager[None]:
        if self._precision == "float32":
            return contextlib.nullcontext()
        found: contextlib.AbstractContextManager[None] = torch.autocast(self._device.type, torch.bfloat16)
        return found
