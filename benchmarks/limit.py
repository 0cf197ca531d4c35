"""The physical limit: the best large float32 matrix product that any library at hand reaches on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from benchmarks.timing import Turn
from seqwright import kernels

__all__ = ["best", "turns"]

N = 2048  # 17 GFLOP: large enough that more does not raise the rate


def turns() -> dict[str, Turn]:
    """Return the (N, N) · (N, N) product of NumPy, of PyTorch and of our kernels as turns of an interleaved run."""
    rng = np.random.default_rng(3)
    a, b = (rng.standard_normal((N, N), np.float32) for _ in range(2))
    out = np.empty_like(a)
    a_, b_, out_ = (torch.from_numpy(array) for array in (a, b, out))
    return {
        "product numpy": Turn(lambda: np.matmul(a, b, out=out)),
        "product torch": Turn(lambda: torch.mm(a_, b_, out=out_)),
        "product ours": Turn(lambda: kernels.affine_forward(a, b, None, out)),
    }


def best(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the greatest GFLOP/s of each library, from the fastest of its turns."""
    return {
        name.removeprefix("product "): 2e-9 * N**3 / min(values)
        for name, values in seconds.items()
        if name.startswith("product ")
    }
