"""PyTorch as the peer: the network of the PyTorch engine in a bare loop of training steps.

What was tried for speed is listed in `seqwright.engines.pytorch.network`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from seqwright.engines.pytorch.network import Network
from seqwright.engines.pytorch.tensors import Masks, Tensors
from seqwright.models import Inputs, Seq2seq

__all__ = ["Training", "batch", "encode", "network", "redrawn"]


def network(net: Seq2seq, *, packed: bool = True) -> Network:
    """Return the peer of a network, with its weights.   packed: how the encoder reads ragged batches."""
    return Network.of(net, packed=packed)


def batch(net: Seq2seq, inputs: Inputs, masks: Masks | None = None) -> Tensors:
    """Return a batch for the peer of `net`, prepared ahead of the clock.   masks: none for no dropout."""
    dtype = next(network(net).parameters()).dtype
    return Tensors.of(inputs, masks or {}, net.spec, torch.device("cpu"), dtype)


def redrawn(masks: Mapping[str, torch.Tensor], rate: float) -> dict[str, torch.Tensor]:
    """Return other dropout masks of the same shapes, drawn by PyTorch."""
    return {site: torch.empty_like(mask).bernoulli_(1 - rate).div_(1 - rate) for site, mask in masks.items()}


def encode(peer: Network, source: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    """Return the memory (S, B, M) and the decoder's initial states (1, B, H) for source (S, B) without padding."""
    nothing = dict.fromkeys(Tensors._fields)
    return peer.encode(Tensors(**{**nothing, "source": source, "masks": {}}))


class Training:
    """Steps of Adam on a peer, after clipping by the norm of all gradients."""

    def __init__(self, peer: Network, *, learning_rate: float = 1e-3, clip_norm: float = 5.0) -> None:
        self.peer, self.clip_norm = peer, clip_norm
        self.parameters = [parameter for parameter in peer.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=learning_rate, fused=True)

    def step(self, tensors: Tensors) -> torch.Tensor:
        """Take a step, return the loss before it: the mean over all real target symbols."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.peer(tensors) / (tensors.wanted >= 0).sum()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.clip_norm, foreach=False)
        self.optimizer.step()
        return loss
