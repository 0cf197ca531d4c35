"""Auxiliary data: pairs that are not of the task itself, mixed into the epochs of a training.

Related pairs are those of another language, period or dialect; unlabelled sources become pairs by the answers of a
first model (`training.self_training`). Both are nowhere counted as data, and no pair has a source of the dev set. They
are drawn anew for each epoch, and the last epochs have none of them: so training ends as fine-tuning on the data alone
(He et al. 2020, "Revisiting Self-Training for Neural Sequence Generation", section 3). An epoch is held in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from seqwright import provenance
from seqwright.config import TrainingConfig
from seqwright.data import batches, readers
from seqwright.data.tokenizer import Tokenizer
from seqwright.data.vocabulary import Vocabulary
from seqwright.errors import DataError
from seqwright.types import Array

__all__ = ["Auxiliary", "Found", "is_last", "mixed", "read"]

LAST = 0.2  # of the epochs have training pairs in the place of auxiliary ones

Source = tuple[str, str]  # source, features


class Auxiliary(NamedTuple):
    """Examples to mix in.   weights (N,): probabilities to be drawn.   share: drawn for each training pair."""

    examples: batches.Examples
    weights: Array
    share: float


class Found(NamedTuple):
    """What the files have for a training.

    source, target: the tokenizers with the symbols of related pairs.   auxiliary: the related pairs.
    unlabelled: sources without targets, none of which is a source of a dev or training pair.   records: of the files.
    described: lines for people.
    """

    source: Tokenizer
    target: Tokenizer
    auxiliary: list[Auxiliary]
    unlabelled: list[Source]
    records: list[provenance.FileRecord]
    described: list[str]


def read(
    config: TrainingConfig, reading: provenance.Reading, dev: Sequence[readers.Pair], *, has_features: bool
) -> Found:
    """Read the files that the configuration names, without the sources of the dev pairs.

    reading: how related pairs are read, with the tokenizers of the training pairs.   has_features: a model takes them.
    DataError: a file cannot be read, or nothing is left of it.
    """
    held_out = {tuple(reading.source.split(pair.source)) for pair in dev}

    def is_free(source: str) -> bool:
        return tuple(reading.source.split(source)) not in held_out

    source, target = reading.source, reading.target
    auxiliary, records, described, unlabelled = [], [], [], list[Source]()
    if config.also:
        inputs = readers.inputs(config.also)
        if len(inputs) > 1:
            raise DataError(f"{config.also}: {len(inputs)} files of related pairs; join them into one")
        pairs = [pair for pair in reading.pairs(inputs) if is_free(pair.source)]
        pairs = pairs if has_features else [pair._replace(features="") for pair in pairs]
        _check(pairs, config.also)
        source = _extended(source, map(reading.tokens, pairs))
        target = _extended(target, (target.split(pair.target) for pair in pairs))
        auxiliary.append(_related(pairs, source, target, config.also_share))
        records += [record for one in inputs for record in provenance.file_records([one], "related", one.hashes)]
        described.append(f"also     {len(pairs):,} related pairs ({config.also})")
    if config.unlabelled:
        distinct = dict.fromkeys(readers.read_sources(config.unlabelled, has_features=has_features))
        unlabelled = [one for one in distinct if is_free(one[0])]
        _check(unlabelled, config.unlabelled)
        records.append(provenance.file_of_sources(config.unlabelled, "unlabelled"))
    return Found(source, target, auxiliary, unlabelled, records, described)


def _check(found: Sequence[object], name: str) -> None:
    if not found:
        raise DataError(f"{name}: nothing to train on; every line is empty, or has a source of the dev set")


def _related(pairs: Sequence[readers.Pair], source: Tokenizer, target: Tokenizer, share: float) -> Auxiliary:
    ids = [(tuple(source.encode(pair.source, pair.features)), tuple(target.encode(pair.target))) for pair in pairs]
    return Auxiliary(batches.Examples.of(ids), np.full(len(ids), 1 / len(ids)), share)


def _extended(tokenizer: Tokenizer, sequences: Iterable[Sequence[str]]) -> Tokenizer:
    """Return the tokenizer with the symbols of further sequences of tokens, which follow the ids that it has."""
    known = tokenizer.vocabulary
    counted = Counter(token for sequence in sequences for token in sequence if token not in known)
    if not counted:
        return tokenizer
    new = Vocabulary.from_counts(counted)
    return Tokenizer(tokenizer.splitter, Vocabulary([*known.symbols, *new.symbols], [*known.counts, *new.counts]))


def is_last(epoch: int, n_epochs: int) -> bool:
    """Return whether an epoch, counted from 1, is one of the last, which are without auxiliary examples."""
    return epoch > (1 - LAST) * n_epochs


def mixed(
    examples: batches.Examples,
    auxiliary: Sequence[Auxiliary],
    real: batches.Examples,
    rng: np.random.Generator,
    *,
    alone: bool,
) -> batches.Examples:
    """Return the examples of an epoch, followed by auxiliary ones.

    real: the training pairs, of which as many are drawn instead if they are to be `alone`.
    """
    for one in auxiliary:
        n = round(one.share * len(real))
        drawn = (
            real.take(rng.choice(len(real), n))
            if alone
            else one.examples.take(rng.choice(len(one.examples), n, p=one.weights))
        )
        examples = examples.followed_by(drawn)
    return examples
