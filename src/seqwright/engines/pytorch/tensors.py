"""The inputs of a network as tensors on its device, and its dropout masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from seqwright.kernels.reference.attention import places_by_distance
from seqwright.models import Inputs, ModelSpec
from seqwright.nn.attention import FARTHEST
from seqwright.types import Array

__all__ = ["IGNORED", "Masks", "Tensors", "masks", "share"]

IGNORED = -100  # the default of cross_entropy

Masks = dict[str, Array]


class Tensors(NamedTuple):
    """A batch: source (S, B), read (T, B), wanted (T, B) int64, IGNORED at padding.

    lengths (B,) int64, in the memory of the host, of the source.   last (B,): positions of its last symbols.
    padding (S, B): after them; None if there is none, or for the order below.
    reversed (S, B): where each row's symbols are when read from last to first; None if read from first to last.
    features (F, B) and is_feature (F, B, 1); copyable (B, S), the target id of each symbol, 0 where `copies` (B, S) is
    0; places (T, S), indices of the bias by distance; or None.
    """

    source: torch.Tensor
    lengths: torch.Tensor
    last: torch.Tensor
    padding: torch.Tensor | None
    reversed: torch.Tensor | None
    read: torch.Tensor
    wanted: torch.Tensor
    features: torch.Tensor | None
    is_feature: torch.Tensor | None
    copyable: torch.Tensor | None
    copies: torch.Tensor | None
    places: torch.Tensor | None
    masks: dict[str, torch.Tensor]

    @classmethod
    def of(cls, inputs: Inputs, drawn: Masks, spec: ModelSpec, device: torch.device, dtype: torch.dtype) -> Tensors:
        """Return a batch for the network of `spec`.   drawn: from `masks`, empty for no dropout."""

        def on_device(array: npt.NDArray[np.generic] | None, kind: torch.dtype = torch.int64) -> torch.Tensor | None:
            if array is None:
                return None
            found = torch.from_numpy(np.ascontiguousarray(array))
            return found.to(device, kind, non_blocking=True)

        (S, _), T, lengths = inputs.source.shape, len(inputs.read), inputs.source_lengths
        steps = np.arange(max(S, T, 0 if inputs.features is None else len(inputs.features)), dtype=np.int32)[:, None]
        padding, real = steps[:S] >= lengths, steps[:T] < inputs.target_lengths
        copyable = None if inputs.copyable is None else inputs.copyable.T
        return cls(
            on_device(inputs.source), torch.from_numpy(lengths).long(), on_device(lengths - 1),
            on_device(padding, torch.bool) if padding.any() else None,
            on_device(np.where(padding, steps[:S], lengths - 1 - steps[:S])) if spec.reversed_source else None,
            on_device(inputs.read), on_device(np.where(real, inputs.wanted, IGNORED)),
            on_device(inputs.features),
            None if inputs.features is None or inputs.n_features is None
            else on_device((steps[: len(inputs.features)] < inputs.n_features)[:, :, None], dtype),
            None if copyable is None else on_device(copyable.clip(0)),
            None if copyable is None else on_device(copyable >= 0, dtype),
            on_device(places_by_distance(steps[:T, 0], S, 2 * FARTHEST + 1)) if spec.distance_bias else None,
            {site: on_device(mask, dtype) for site, mask in drawn.items()},
        )  # fmt: skip


def masks(spec: ModelSpec, B: int, rng: np.random.Generator, dtype: type[np.floating[Any]] = np.float32) -> Masks:
    """Return the dropout masks (1, B, width) of a step by site, drawn as our layers draw them, and in their order."""
    return {
        site: (rng.random((1, B, n), np.float32) >= rate) * dtype(1 / (1 - rate))
        for site, n, rate in _sites(spec)
        if rate
    }


def _sites(spec: ModelSpec) -> Iterator[tuple[str, int, float]]:
    """Yield name, width and rate of each mask."""
    yield "source", spec.embedding_size, spec.dropout
    for layer in range(spec.encoder_layers):
        yield f"encoder.{layer}", spec.memory_size, spec.dropout
    if spec.sum_features:
        yield "features", spec.embedding_size, spec.feature_dropout
    yield "target", spec.embedding_size, spec.dropout
    for layer in range(1, spec.decoder_layers):
        yield f"decoder.{layer}", spec.hidden_size, spec.dropout
    yield "out", spec.hidden_size, spec.dropout


def share(inputs: Inputs, drawn: Masks, rank: int, n: int) -> tuple[Inputs, Masks]:
    """Return the rows of a batch for one of n processes: rank, rank + n, …

    A process for which no row is left gets the first one without symbols to predict.
    """
    B = inputs.source.shape[1]
    rows = slice(rank, None, n) if rank < B else slice(0, 1)
    arrays: list[Any] = [None if array is None else array[..., rows] for array in inputs]
    cut = Inputs(*arrays)
    if rank >= B:
        cut = cut._replace(target_lengths=np.zeros_like(cut.target_lengths))
    return cut, {site: mask[:, rows] for site, mask in drawn.items()}
