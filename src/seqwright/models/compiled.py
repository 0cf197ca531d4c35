"""Compiled networks of a model's weights, and generation with one."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from seqwright import kernels
from seqwright.models.spec import ModelSpec
from seqwright.nn.parameters import Parameters
from seqwright.types import Ids

__all__ = ["CurrentNetwork", "compiled", "generate"]


class _Model(Protocol):
    """The part of `Seq2seq` that a compiled network is made from."""

    spec: ModelSpec
    params: Parameters
    copy_map: Ids | None
    feature_mask: npt.NDArray[np.bool_] | None


def compiled(model: _Model, *, int8: bool = False) -> kernels.Network:
    """Return the compiled network of a float32 model; its weights are copied."""
    arrays: dict[str, npt.NDArray[Any]] = {
        name: np.ascontiguousarray(array) for name, array in model.params.named.items()
    }
    if model.copy_map is not None:
        arrays["copy_map"] = model.copy_map
    if model.feature_mask is not None:
        arrays["feature_mask"] = model.feature_mask
    return kernels.network(dataclasses.asdict(model.spec), arrays, int8=int8)


class CurrentNetwork:
    """The compiled network of a model whose weights may change between calls; made again when they have."""

    def __init__(self) -> None:
        self._made: tuple[kernels.Network, list[bytearray]] | None = None

    def __reduce__(self) -> tuple[type[CurrentNetwork], tuple[()]]:
        return CurrentNetwork, ()  # compiled networks cannot be pickled

    def of(self, model: _Model) -> kernels.Network:
        """Return the network of the present weights."""
        made = self._made
        # bytearray compares by memcmp, which is faster than np.array_equal and exact for NaN.
        if made is None or any(old != new.data for old, new in zip(made[1], model.params, strict=True)):
            self._made = made = compiled(model), [bytearray(array.tobytes()) for array in model.params]
        return made[0]


def generate(network: kernels.Network, source: Ids, lengths: Ids, start_id: int, n: int) -> list[int]:
    """Return n ids of a greedy search without an end symbol, a beam of width 1, for one source (S, 1)."""
    if n == 0:
        return []
    ids, log_probs, counts = np.empty((1, 1, n), np.int32), np.empty((1, 1, n), np.float32), np.zeros((1, 1), np.int32)
    forbidden, max_lengths, min_lengths = np.empty(0, np.int32), np.full(1, n, np.int32), np.zeros(1, np.int32)
    kernels.beam(
        [network], source, lengths, forbidden, start_id, -1, max_lengths, min_lengths, None, 1, 0.0,
        ids, log_probs, counts, np.empty_like(counts), None,
    )  # fmt: skip
    found: list[int] = ids[0, 0].tolist()
    return found
