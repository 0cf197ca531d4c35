"""The inputs of a network for a batch, with the features of each source apart from its other symbols."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.errors import ConfigError
from seqwright.models.spec import ModelSpec
from seqwright.types import Ids

__all__ = ["Inputs", "Split", "checked", "split"]


class Inputs(NamedTuple):
    """Everything that a training step reads of a batch; see `Seq2seq.inputs`.

    source (S, B): the symbols that the encoder reads, of which row b has source_lengths[b].
    features (F, B): of which row b has n_features[b] (B,); None where they are not summed.
    read (T, B): the inputs of the decoder.   wanted (T, B): its targets, of which row b has target_lengths[b].
    copyable (S, B): target id of each source symbol, -1 for none; None without a copy mechanism.
    """

    source: Ids
    source_lengths: Ids
    features: Ids | None
    n_features: Ids | None
    read: Ids
    wanted: Ids
    target_lengths: Ids
    copyable: Ids | None


class Split(NamedTuple):
    """Number of symbols in each part of a source: its features, then the symbols that the encoder reads.

    lengths (B,): symbols after the features.   n_features (B,): symbols up to the last feature; None without features.
    """

    lengths: Ids
    n_features: Ids | None

    def rest(self, source: Ids) -> Ids:
        """Return the symbols after the features of source (S, B), with padding at the end."""
        if self.n_features is None:
            return source
        S, n = len(source), int(self.lengths.max(initial=0))
        places = (np.arange(n, dtype=np.int32)[:, None] + self.n_features) % max(S, 1)
        return np.ascontiguousarray(np.take_along_axis(source, places, axis=0))

    def features(self, source: Ids) -> Ids | None:
        """Return the first F symbols, (F, B), where F is the greatest number of features; None without features."""
        if self.n_features is None:
            return None
        return np.ascontiguousarray(source[: int(self.n_features.max(initial=0))])


def split(source: Ids, lengths: Ids, feature_mask: npt.NDArray[np.bool_] | None) -> Split:
    """Return the parts of source (S, B).   feature_mask (V,): which symbols are features, None for no such parts."""
    if feature_mask is None:
        return Split(lengths, None)
    places = np.arange(1, len(source) + 1, dtype=np.int32)[:, None]
    n = np.where(feature_mask[source] & (places <= lengths), places, 0).max(axis=0, initial=0)
    return Split(lengths - n, n)


def checked(name: str, given: Any, dtype: type[np.generic], spec: ModelSpec) -> npt.NDArray[Any]:
    """Return a copy map or feature mask as an array (V,).   ConfigError: it is missing or has another size."""
    V = spec.source_vocab_size
    if (shape := np.shape(given)) != (V,):
        found = "got none" if given is None else f"got shape {shape}"
        raise ConfigError(
            f"{name}: expected one entry for each of {V} source symbols, {found}; build it from the vocabulary"
        )
    return np.asarray(given, dtype)
