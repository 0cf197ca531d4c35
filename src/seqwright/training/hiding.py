"""Symbols that a network does not see while it learns, so that it finds its way without them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.data import text, vocabulary
from seqwright.data.batches import Batch
from seqwright.types import Array, Ids

__all__ = ["Hidden", "hide", "rates", "read_as_copied", "replacements", "throughout", "with_gaps", "with_unknowns"]


FEATURE_RATE = 0.01  # a features column of three names has an unknown one in 3 % of the examples


class Hidden(NamedTuple):
    """What the network reads of a batch: source (S, B) and target (T, B), an unknown symbol where one is hidden."""

    source: Ids
    target: Ids


def hide(
    batch: Batch,
    *,
    source_rates: Array,
    target_rate: float,
    copy_map: Ids | None,
    rng: np.random.Generator,
    unknown_ids: Ids | None = None,
) -> Hidden:
    """Return what the network shall read of the batch; what it shall say stays as it is.

    source_rates (V,): from `rates`.   target_rate: of the symbols read by the decoder.
    copy_map (V,): the target id of each source id, for a network that copies; None for others.
    unknown_ids (V,): from `replacements`.
    """
    source, target = with_unknowns(batch.source, source_rates, rng=rng), batch.target[:-1]
    if copy_map is not None:
        source = throughout(source, batch.source)
        target = read_as_copied(target, np.where(source == batch.source, np.int32(-1), copy_map[batch.source]))
    if unknown_ids is not None:
        source = np.where(source == batch.source, source, unknown_ids[batch.source])
    if target_rate:
        target = with_gaps(target, rate=target_rate, rng=rng)
    return Hidden(source, target)


def rates(symbols: vocabulary.Vocabulary, *, alpha: float = 0.25, at_least: float = 1e-3) -> Array:
    """Return for each id the probability with which training shall hide it: α / (α + count).   (V,) float64.

    A singleton is hidden one time in five, a frequent symbol hardly ever: Kiperwasser & Goldberg 2016, "Simple and
    Accurate Dependency Parsing Using Bidirectional LSTM Feature Representations", section 4.2.
    at_least: for alphabets whose every symbol is frequent, where UNKNOWN would otherwise meet no training.
    Special ids are never hidden; symbols that nobody counted are hidden at the least rate. Features are hidden at
    FEATURE_RATE at least where the vocabulary has an id for unknown ones.
    """
    found = np.zeros(len(symbols))
    counts = np.array(symbols.counts, dtype=np.float64)
    found[len(vocabulary.SPECIAL) :] = np.where(counts > 0, np.maximum(alpha / (alpha + counts), at_least), at_least)
    if text.UNKNOWN_FEATURE in symbols:
        features = vocabulary.features(symbols)
        found[features] = np.maximum(found[features], FEATURE_RATE)
    return found


def replacements(symbols: vocabulary.Vocabulary) -> Ids | None:
    """Return for each id the one that is read in its place where it is hidden, (V,); None if that is always UNKNOWN."""
    if text.UNKNOWN_FEATURE not in symbols:
        return None
    [unknown_feature] = symbols.encode([text.UNKNOWN_FEATURE])
    found: Ids = np.where(vocabulary.features(symbols), np.int32(unknown_feature), np.int32(vocabulary.UNKNOWN))
    return found


def with_unknowns(source: Ids, source_rates: Array, *, rng: np.random.Generator) -> Ids:
    """Return source (S, B) with some symbols replaced by UNKNOWN, so that UNKNOWN is trained.

    source_rates (V,): from `rates`.   The target keeps its symbols: a model must not learn to answer UNKNOWN.
    """
    hidden = rng.random(source.shape) < source_rates[source]
    return np.where(hidden, np.int32(vocabulary.UNKNOWN), source)


def throughout(source: Ids, seen: Ids) -> Ids:
    """Return source with UNKNOWN also where else a symbol stands that is hidden in the same column.   All (S, B).

    A symbol that is truly unknown is so wherever it stands.   seen: the source before anything was hidden.
    """
    hidden = np.where(source == seen, np.int32(-1), seen)
    return np.where(_among(seen, hidden), np.int32(vocabulary.UNKNOWN), source)


def read_as_copied(read: Ids, hidden: Ids) -> Ids:
    """Return read (T, B) with UNKNOWN for what its column of hidden (S, B) holds, target ids, -1 for none.

    A decoder that copies symbols it has never seen reads UNKNOWN behind each: so it must learn to go on from there.
    """
    return np.where(_among(read, hidden), np.int32(vocabulary.UNKNOWN), read)


def _among(ids: Ids, some: Ids) -> npt.NDArray[np.bool_]:
    """Return for each of ids (T, B) whether its column of some (S, B) holds it; -1 is no id."""
    V, columns = 1 + max(ids.max(initial=0), some.max(initial=0)), np.arange(ids.shape[1])
    held = np.zeros((V + 1, len(columns)), np.bool_)
    held[some, columns] = True
    held[-1] = False
    found: npt.NDArray[np.bool_] = held[ids, columns]
    return found


def with_gaps(ids: Ids, *, rate: float, rng: np.random.Generator) -> Ids:
    """Return ids with a share `rate` of the symbols replaced by UNKNOWN; special ids stay.

    What a decoder reads while it learns: it must not lean on its last symbol alone. Bowman et al. 2016, "Generating
    Sentences from a Continuous Space", section 3.1.
    """
    hidden = (rng.random(ids.shape) < rate) & (ids >= len(vocabulary.SPECIAL))
    return np.where(hidden, np.int32(vocabulary.UNKNOWN), ids)
