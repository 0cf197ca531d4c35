"""Fine-tuning: a training that starts from the weights of a model, on data that may have new symbols."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from seqwright import bundle
from seqwright.bundle import Bundle
from seqwright.config import Config
from seqwright.config.text import TOKENS
from seqwright.data import batches
from seqwright.data.tokenizer import Tokenizer
from seqwright.data.vocabulary import SPECIAL, Vocabulary
from seqwright.errors import UsageError
from seqwright.models import Seq2seq
from seqwright.types import Ids

__all__ = ["check", "check_fine_tune", "copy_weights", "extended", "remapped", "settings"]

FREE = {"dropout", "feature_dropout", "label_smoothing"}  # settings of a network that matter in training only


def settings(config: Config, base: Bundle) -> Config:
    """Return the configuration for fine-tuning `base`, with its network and its tokens.

    Dropout and label smoothing are those of the configuration if it does not have the default, else those of `base`.
    UsageError: the model has 8-bit weights, or a setting contradicts it.
    """
    if base.int8:
        raise UsageError(
            "a model in 8 bits cannot be fine-tuned; fine-tune the one it was exported from, and export that"
        )
    old = base.config.text
    check(config, base)
    text = msgspec.structs.replace(
        config.text,
        source_tokens=old.source_tokens,
        source_form=old.source_form,
        target_tokens=old.target_tokens,
        target_form=old.target_form,
        schema=config.text.schema or old.schema,
    )
    trained = {name: getattr(config.model, name) for name in FREE if _is_given(config.model, name)}
    kinds = [msgspec.structs.replace(one.settings, **trained) for one in base.networks]
    networks = [kinds[member % len(kinds)] for member in range(config.training.members)]
    found = msgspec.structs.replace(config, text=text).of(networks)
    if config.others and config.others != found.others:
        raise UsageError("[[others]] cannot be given with a model to fine-tune, whose networks cannot change")
    return found


def check_fine_tune(model: str | Path, config: Config, names: Collection[str]) -> None:
    """Check that settings do not contradict the model to fine-tune.

    Parameters
    ----------
    model : path
        The model directory.
    config : Config
        The settings.
    names : collection of str
        "section.key" of settings that the user gave, even if they have the default value.

    Raises
    ------
    UsageError
        A setting contradicts the model.
    """
    check(config, bundle.load(Path(model)), names)


def check(config: Config, base: Bundle, names: Collection[str] = ()) -> None:
    """Raise UsageError if a setting contradicts the model.   names: as in `check_fine_tune`."""
    sections: list[tuple[str, Any, Any, Iterable[str]]] = [
        ("model", config.model, base.networks[0].settings, set(config.model.__struct_fields__) - FREE),
        ("text", config.text, base.config.text, TOKENS),
    ]
    for section, given, old, keys in sections:
        for key in sorted(keys):
            value = getattr(given, key)
            is_given = value is not None and (f"{section}.{key}" in names or _is_given(given, key))
            if is_given and value != getattr(old, key):
                raise UsageError(
                    f"{section}.{key} = {value}, but the model to fine-tune has {getattr(old, key)}, "
                    f"which cannot change; leave the setting out, or train without fine-tuning"
                )


def _is_given(section: Any, key: str) -> bool:
    return bool(getattr(section, key) != getattr(type(section)(), key))


def extended(base: Tokenizer, found: Tokenizer) -> Tokenizer:
    """Return a tokenizer with the symbols of `base` and their ids, then new symbols; counts are of the new data."""
    new = found.vocabulary
    both, counts = base.vocabulary.extended(new), dict(zip(new.symbols, new.counts, strict=True))
    now = [counts.get(symbol, n) for symbol, n in zip(both.symbols, both.counts, strict=True)]
    return Tokenizer(found.splitter, Vocabulary(both.symbols, now))


def remapped(
    examples: batches.Examples, found: tuple[Tokenizer, Tokenizer], now: tuple[Tokenizer, Tokenizer]
) -> batches.Examples:
    """Return the examples, in memory, with the ids of other tokenizers.   found, now: (source, target)."""
    both = zip(found, now, strict=True)
    source, target = (_new_ids(before.vocabulary, after.vocabulary) for before, after in both)
    return dataclasses.replace(examples, source=source[examples.source], target=target[examples.target])


def copy_weights(network: Seq2seq, base: Bundle, member: int) -> None:
    """Copy the weights of a member of `base`; rows and columns of new symbols keep their initial values."""
    networks = base.networks
    for name, weights in networks[member % len(networks)].arrays.items():
        own, axis = network.params.named[name], network.params.declared[name].vocabulary
        known = tuple(slice(n if along == axis else None) for along, n in enumerate(weights.shape))
        own[known] = weights


def _new_ids(before: Vocabulary, after: Vocabulary) -> Ids:
    special = range(len(SPECIAL))
    return np.array([*special, *after.encode(before.symbols)], np.int32)
