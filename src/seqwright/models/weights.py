"""Named weights: the weights of an ensemble under one set of names, and their validation against a spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from seqwright.errors import ModelError
from seqwright.models.seq2seq import Seq2seq
from seqwright.models.spec import ModelSpec
from seqwright.types import Array, Shape

__all__ = ["check", "is_numbered", "joined", "parted"]

PREFIX = "members."  # before the number of a network of an ensemble

T = TypeVar("T")


def joined(networks: Sequence[Mapping[str, T]], *, numbered: bool) -> dict[str, T]:
    """Return the weights of all networks under distinct names; those of a single network may be unnumbered."""
    assert numbered or len(networks) == 1, "the weights of several networks need numbers"
    return {
        f"{PREFIX}{number}.{name}" if numbered else name: weight
        for number, weights in enumerate(networks)
        for name, weight in weights.items()
    }


def parted(weights: Mapping[str, T]) -> list[dict[str, T]]:
    """Return the weights of each network, the inverse of `joined`."""
    parts: dict[str, dict[str, T]] = {}
    for name, weight in weights.items():
        number, _, rest = name.removeprefix(PREFIX).partition(".")
        key, own = (number, rest) if name.startswith(PREFIX) else ("", name)
        parts.setdefault(key, {})[own] = weight
    return [parts[key] for key in sorted(parts, key=lambda key: (len(key), key))]


def is_numbered(names: Iterable[str]) -> bool:
    """Return whether the names have the numbers of an ensemble."""
    return any(name.startswith(PREFIX) for name in names)


def check(spec: ModelSpec, arrays: Mapping[str, Array]) -> None:
    """Raise ModelError if the arrays' names or shapes differ from the spec's.

    The sizes are compared first, so that a spec never allocates more memory than the arrays take.
    """
    found = {name: array.shape for name, array in arrays.items()}
    for side, n in (("encoder", spec.source_vocab_size), ("decoder", spec.target_vocab_size)):
        rows = len(np.atleast_1d(arrays.get(f"{side}.embedding.W", np.empty((0, 0)))))
        if rows != n:
            raise ModelError(f"the {side} has weights for {rows} symbols, its vocabulary has {n}")
    sizes: dict[str, Shape] = {
        "decoder.embedding.W": (spec.target_vocab_size, spec.embedding_size),
        "decoder.lstm.0.Wh": (spec.hidden_size, 4 * spec.hidden_size),
    }
    _compare({name: found[name] for name in sizes if name in found}, sizes)
    for side, n in (("encoder", spec.encoder_layers), ("decoder", spec.decoder_layers)):
        layers = len({name.split(".")[2] for name in found if name.startswith(f"{side}.lstm.")})
        if layers != n:
            raise ModelError(f"{side} weights of {layers} layers, expected {n}")
    _compare(found, {name: one.shape for name, one in Seq2seq.declared(spec).items()})


def _compare(found: Mapping[str, Shape], expected: Mapping[str, Shape]) -> None:
    if wrong := sorted(name for name in expected.keys() | found if expected.get(name) != found.get(name)):
        raise ModelError(f"weight {wrong[0]} has shape {found.get(wrong[0])}, expected {expected.get(wrong[0])}")
