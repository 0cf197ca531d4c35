"""Unknown-symbol dropout: the inputs of a network with some symbols replaced by the unknown symbol, in training only.

It trains the embedding of the unknown symbol, and a decoder that copies learns to continue after a symbol that it has
never seen. The targets of the loss are unchanged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.data import text, vocabulary
from seqwright.data.batches import Batch
from seqwright.types import Array, Ids

__all__ = [
    "Inputs",
    "drop",
    "drop_copied",
    "drop_source",
    "drop_target",
    "replacements",
    "source_rates",
    "spread_over_rows",
]


FEATURE_RATE = 0.01  # a features column of three names has an unknown one in 3 % of the examples


class Inputs(NamedTuple):
    """The inputs of the network for a batch: source (S, B) and target (T, B), with replaced symbols."""

    source: Ids
    target: Ids


def drop(
    batch: Batch,
    *,
    source_rates: Array,
    target_rate: float,
    copy_map: Ids | None,
    rng: np.random.Generator,
    unknown_ids: Ids | None = None,
) -> Inputs:
    """Return the inputs of the network for a batch.

    source_rates (V,): from `source_rates`.   target_rate: for the inputs of the decoder.
    copy_map (V,): the target id of each source id, for a network that copies; None for others.
    unknown_ids (V,): from `replacements`.
    """
    source, target = drop_source(batch.source, source_rates, rng=rng), batch.target[:-1]
    if copy_map is not None:
        source = spread_over_rows(source, batch.source)
        target = drop_copied(target, np.where(source == batch.source, np.int32(-1), copy_map[batch.source]))
    if unknown_ids is not None:
        source = np.where(source == batch.source, source, unknown_ids[batch.source])
    if target_rate:
        target = drop_target(target, rate=target_rate, rng=rng)
    return Inputs(source, target)


def source_rates(symbols: vocabulary.Vocabulary, *, alpha: float = 0.25, at_least: float = 1e-3) -> Array:
    """Return the probability of replacing each id, α / (α + count).   (V,) float64.

    A symbol that occurs once is replaced one time in five, a frequent one rarely: Kiperwasser & Goldberg 2016, "Simple
    and Accurate Dependency Parsing Using Bidirectional LSTM Feature Representations", section 4.2.
    at_least: lower bound, since UNKNOWN would get no training where every symbol is frequent. Symbols without a count
    have this rate. Special ids are never replaced. Features have at least FEATURE_RATE if the vocabulary has an id for
    unknown features.
    """
    rates = np.zeros(len(symbols))
    counts = np.array(symbols.counts, dtype=np.float64)
    rates[len(vocabulary.SPECIAL) :] = np.where(counts > 0, np.maximum(alpha / (alpha + counts), at_least), at_least)
    if text.UNKNOWN_FEATURE in symbols:
        features = vocabulary.features(symbols)
        rates[features] = np.maximum(rates[features], FEATURE_RATE)
    return rates


def replacements(symbols: vocabulary.Vocabulary) -> Ids | None:
    """Return the id that replaces each id, (V,); None if it is UNKNOWN for all of them."""
    if text.UNKNOWN_FEATURE not in symbols:
        return None
    [unknown_feature] = symbols.encode([text.UNKNOWN_FEATURE])
    found: Ids = np.where(vocabulary.features(symbols), np.int32(unknown_feature), np.int32(vocabulary.UNKNOWN))
    return found


def drop_source(source: Ids, rates: Array, *, rng: np.random.Generator) -> Ids:
    """Return source (S, B) with symbols replaced by UNKNOWN.   rates (V,): from `source_rates`."""
    dropped = rng.random(source.shape) < rates[source]
    return np.where(dropped, np.int32(vocabulary.UNKNOWN), source)


def spread_over_rows(source: Ids, original: Ids) -> Ids:
    """Return source with UNKNOWN at every occurrence of a symbol that is replaced anywhere in its column.   All (S, B).

    In inference, a symbol that is not in the vocabulary is unknown at every position.
    original: the source before any replacement.
    """
    dropped = np.where(source == original, np.int32(-1), original)
    return np.where(_in_column(original, dropped), np.int32(vocabulary.UNKNOWN), source)


def drop_copied(target: Ids, dropped: Ids) -> Ids:
    """Return target (T, B) with UNKNOWN for symbols in the same column of dropped (S, B), target ids, -1 for none.

    In inference, the next input of the decoder is UNKNOWN after it has copied an unknown symbol.
    """
    return np.where(_in_column(target, dropped), np.int32(vocabulary.UNKNOWN), target)


def drop_target(ids: Ids, *, rate: float, rng: np.random.Generator) -> Ids:
    """Return ids with a share `rate` of the symbols replaced by UNKNOWN, except special ids.

    Word dropout of the decoder's inputs, so that it does not rely on its last symbol alone: Bowman et al. 2016,
    "Generating Sentences from a Continuous Space", section 3.1.
    """
    dropped = (rng.random(ids.shape) < rate) & (ids >= len(vocabulary.SPECIAL))
    return np.where(dropped, np.int32(vocabulary.UNKNOWN), ids)


def _in_column(ids: Ids, present: Ids) -> npt.NDArray[np.bool_]:
    """Return for each of ids (T, B) whether the same column of present (S, B) contains it; -1 is no id."""
    V, B = 1 + max(ids.max(initial=0), present.max(initial=0)), ids.shape[1]
    contains = np.zeros((V + 1, B), np.bool_)
    contains[present, np.arange(B)] = True
    contains[-1] = False
    found: npt.NDArray[np.bool_] = contains[ids, np.arange(B)]
    return found
