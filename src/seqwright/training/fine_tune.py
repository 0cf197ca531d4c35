"""A new training from the weights of an old model, on data that may hold symbols of its own."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np

from seqwright.bundle import Bundle
from seqwright.config import Config
from seqwright.data import batches, subwords
from seqwright.data.vocabulary import SPECIAL, Vocabulary
from seqwright.errors import UsageError
from seqwright.models import Seq2seq
from seqwright.types import Ids

__all__ = ["extended", "remapped", "settings", "take_weights"]


def settings(config: Config, base: Bundle) -> Config:
    """Return the configuration of a training from `base`: its network, and texts cut as it cuts them.

    UsageError: the model has subwords, whose pieces were trained on its own data, or weights in 8 bits.
    """
    if base.int8:
        raise UsageError(
            "a model in 8 bits cannot be fine-tuned; fine-tune the one it was exported from, and export that"
        )
    old = base.config.text
    if any(subwords.size(tokens) is not None for tokens in (old.source_tokens, old.target_tokens)):
        raise UsageError("a model with subwords cannot be fine-tuned; train on the old data and the new together")
    text = msgspec.structs.replace(
        config.text,
        source_tokens=old.source_tokens,
        source_form=old.source_form,
        target_tokens=old.target_tokens,
        target_form=old.target_form,
    )
    networks = [base.kinds[member % len(base.kinds)] for member in range(config.training.members)]
    return msgspec.structs.replace(config, text=text).of(networks)


def extended(old: Vocabulary, found: Vocabulary) -> Vocabulary:
    """Return the old symbols under their ids, then those that only the new data has, with the latest counts."""
    counts = dict(zip(old.symbols, old.counts, strict=True)) | dict(zip(found.symbols, found.counts, strict=True))
    symbols = [*old.symbols, *(symbol for symbol in found.symbols if symbol not in old)]
    return Vocabulary(symbols, [counts[symbol] for symbol in symbols])


def remapped(
    examples: batches.Examples, found: tuple[Vocabulary, Vocabulary], now: tuple[Vocabulary, Vocabulary]
) -> batches.Examples:
    """Return the examples in memory, with the ids of other vocabularies.   found, now: (source, target)."""
    source, target = (_renumbering(before, after) for before, after in zip(found, now, strict=True))
    return dataclasses.replace(examples, source=source[examples.source], target=target[examples.target])


def take_weights(network: Seq2seq, base: Bundle, member: int) -> None:
    """Copy the weights of a member of `base`; rows and columns of symbols that it lacks keep their initial values."""
    members = base.members
    for name, weights in members[member % len(members)].items():
        own, axis = network.params.named[name], network.params.declared[name].vocabulary
        known = tuple(slice(n if along == axis else None) for along, n in enumerate(weights.shape))
        own[known] = weights


def _renumbering(before: Vocabulary, after: Vocabulary) -> Ids:
    special = range(len(SPECIAL))
    return np.array([*special, *after.encode(before.symbols)], np.int32)
