"""The choice of an engine, and the checks that precede a training."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from seqwright import optim
from seqwright.engines.engine import Engine
from seqwright.engines.layers import Layers
from seqwright.errors import DependencyError, UsageError
from seqwright.models import Seq2seq

__all__ = ["check", "follows", "leading", "leads", "start"]


def check(device: str | None, precision: str) -> None:
    """Check that a device is available, before anything is read or written.   device: None for our own layers.

    DependencyError: PyTorch is not installed.   UsageError: no such device, or torchrun without a device.
    """
    if device is not None:
        _import_torch()
        from seqwright.engines.pytorch import devices

        devices.chosen(device, precision)
    elif "TORCHELASTIC_RUN_ID" in os.environ:
        raise UsageError("torchrun starts several processes, which only PyTorch can join: add --device cpu or cuda")


def start(network: Seq2seq, optimizer: optim.Adam | optim.SGD, *, device: str | None, precision: str) -> Engine:
    """Return an engine that trains a network.   The other arguments and exceptions are those of `check`."""
    if device is None:
        return Layers(network, optimizer)
    check(device, precision)
    from seqwright.engines.pytorch import ranks

    return ranks.start(network, optimizer, device=device, precision=precision)


def leads() -> bool:
    """Return whether this process is the only one of a training, or the first of those that torchrun started."""
    return "TORCHELASTIC_RUN_ID" not in os.environ or os.environ["RANK"] == "0"


def follows(device: str | None, precision: str) -> bool:
    """Return whether this process is not the first of those that torchrun started; if so, after the end of training.

    Such a process computes its share of each batch, and reads and writes nothing.
    """
    if device is None:
        return False
    from seqwright.engines.pytorch import ranks

    return ranks.follow(device, precision)


@contextlib.contextmanager
def leading(device: str | None) -> Iterator[None]:
    """At the end of the block, also after an error, release the other processes that torchrun started."""
    try:
        yield
    finally:
        if device is not None:
            from seqwright.engines.pytorch import ranks

            ranks.release()


def _import_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise DependencyError(
            "--device trains with PyTorch, which is not installed: pip install 'seqwright[torch]'"
        ) from None
