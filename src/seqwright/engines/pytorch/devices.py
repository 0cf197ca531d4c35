"""The device of a training in PyTorch."""

from __future__ import annotations

import os

import torch

from seqwright.errors import UsageError

__all__ = ["chosen", "described"]


def chosen(device: str, precision: str) -> torch.device:
    """Return the device of this process for "cpu", "cuda", "mps", or "auto", the fastest that is available.

    With several processes on a machine, each takes the CUDA device of its number.
    UsageError: there is no such device, or it does not support the precision.
    """
    name = _fastest() if device == "auto" else device
    number, n_processes = int(os.environ.get("LOCAL_RANK", 0)), int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if name == "cuda":
        if not torch.cuda.is_available():
            raise UsageError(
                f"--device cuda: PyTorch {torch.__version__} finds no CUDA device; use --device auto or cpu, or "
                f"install a driver and a build of PyTorch that match the GPU"
            )
        if n_processes > (n_devices := torch.cuda.device_count()):
            raise UsageError(
                f"--device cuda: torchrun started {n_processes} processes on a machine with {n_devices} CUDA devices; "
                f"give --nproc-per-node {n_devices}"
            )
        if precision == "bfloat16" and not torch.cuda.is_bf16_supported():
            raise UsageError("--precision bfloat16: this GPU does not support it; use --precision float32")
        return torch.device("cuda", number)
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise UsageError("--device mps: PyTorch finds no Apple GPU; use --device auto or cpu")
        if precision == "bfloat16":
            raise UsageError("--precision bfloat16 is not supported on an Apple GPU; use --precision float32")
        if n_processes > 1:
            raise UsageError("--device mps: there is one Apple GPU, so start the training without torchrun")
    return torch.device(name)


def described(device: torch.device, precision: str) -> str:
    """Return the device in words."""
    name = f"{device.type} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type
    return f"PyTorch {torch.__version__}, {name}, {precision}"


def _fastest() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
