"""Data-parallel training in the processes that torchrun starts.

The first process, rank 0, is a whole training: it reads the data, draws each batch and its dropout masks, measures, and
writes. It sends every batch to the others; each process computes the gradient of its rows, and DistributedDataParallel
averages the gradients. So the order of the data, the schedule and the checkpoints do not depend on the number of
processes, and no other process needs a clock, a generator or a file.
"""

from __future__ import annotations

import contextlib
import datetime
import gc
import os
import signal
from typing import Any

import torch

# Optimisers and DistributedDataParallel import it, too. Imported after the start of a process group, it would keep the
# group alive to the end of the interpreter, where a thread of the group that still frees a tensor aborts the process.
import torch._dynamo
from torch import distributed

from seqwright import optim
from seqwright.engines.pytorch import devices
from seqwright.engines.pytorch.engine import PyTorch
from seqwright.engines.pytorch.replica import Optimizer, Replica
from seqwright.errors import TrainingError, UsageError
from seqwright.models import Seq2seq

__all__ = ["follow", "release", "start"]

# Others wait as long as rank 0 reads data or measures; a process that ends is noticed at once.
WAIT = datetime.timedelta(days=7)


def start(network: Seq2seq, optimizer: optim.Adam | optim.SGD, *, device: str, precision: str) -> PyTorch:
    """Return the engine that trains a network, with all processes.   UsageError: the device is not available."""
    place, settings = devices.chosen(device, precision), Optimizer.of(optimizer)
    n = 1
    if _launched():
        if _rank():
            raise UsageError("torchrun can start `seqwright train` and `seqwright.train` only")
        try:
            _join(place)
            _send("begin", (network.spec, settings))
        except RuntimeError as error:
            raise TrainingError(f"the processes of this training cannot meet: {str(error).splitlines()[0]}") from None
        n = distributed.get_world_size()
    replica = Replica(network.spec, settings, device=place, precision=precision)
    description = devices.described(place, precision) + (f", {n} processes" if n > 1 else "")
    return PyTorch(network, replica, _send if n > 1 else None, description)


def follow(device: str, precision: str) -> bool:
    """Return False in the first or only process. In another, compute until the first one ends, and return True."""
    if not _launched() or not _rank():
        return False
    place = devices.chosen(device, precision)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 ends the step, saves, and releases the others
    try:
        _join(place)
        _compute(place, precision)
    except RuntimeError:  # another process has ended; rank 0 prints the reason, and torchrun restarts all of them
        raise SystemExit(1) from None
    distributed.destroy_process_group()
    return True


def release() -> None:
    """Let the other processes end."""
    if distributed.is_initialized():
        with contextlib.suppress(RuntimeError):  # one of them has ended before
            distributed.broadcast_object_list([None], device=torch.device("cpu"))
            gc.collect()  # a replica, which is in a cycle of the training, would keep the group alive
            distributed.destroy_process_group()


def _compute(device: torch.device, precision: str) -> None:
    """Call a replica as rank 0 calls its own, until that one ends."""
    replica: Replica | None = None
    while (message := _receive()) is not None:
        name, arguments = message
        if name == "begin":
            spec, settings = arguments
            replica = Replica(spec, settings, device=device, precision=precision)
        else:
            getattr(replica, name)(*arguments)


def _launched() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ


def _rank() -> int:
    return int(os.environ["RANK"])


def _join(device: torch.device) -> None:
    """Meet the other processes. Messages are in the memory of the host, gradients on the device."""
    if distributed.is_initialized():
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    store, rank, n = next(distributed.rendezvous("env://", timeout=WAIT))
    # torchrun may keep its store for a restart, with the addresses of the processes that have ended.
    store = distributed.PrefixStore(f"restart {os.environ['TORCHELASTIC_RESTART_COUNT']}", store)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, store=store, rank=rank, world_size=n, timeout=WAIT)


def _send(name: str, arguments: tuple[Any, ...]) -> None:
    distributed.broadcast_object_list([(name, arguments)], device=torch.device("cpu"))


def _receive() -> Any:
    message = [None]
    distributed.broadcast_object_list(message, device=torch.device("cpu"))
    return message[0]
