"""Whether a training is cross-validated where the configuration leaves it open.

With few pairs it is: a tenth of 300 pairs is missed in training, and too small to measure on. Then all pairs are
trained on, and all are measured on (docs/log.md).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec

from seqwright.config import Config
from seqwright.data import readers
from seqwright.training import arguments, self_training
from seqwright.training.prepare import prepare

__all__ = ["settled"]

FOLDS = 5
FEWEST, MOST = 50, 1000  # pairs: of fewer, a fold is a handful; with more, a tenth is enough to measure on


def settled(
    pairs: readers.Pairs, dev: readers.Pairs | None, config: Config, fine_tune: object
) -> tuple[readers.Pairs, Config]:
    """Return the pairs, which can be read again if that is needed, and the configuration with a number of folds."""
    training = config.training
    if training.cross_validation is not None:
        return pairs, config
    n_folds = 0
    is_once = any(arguments.is_stream(path) for path in (training.lexicon, training.also) if path)
    if dev is None and fine_tune is None and training.time_budget_s is None and not is_once:
        pairs, n_pairs = _counted(pairs, config.text.columns())
        if FEWEST <= n_pairs <= MOST and not prepare(pairs, None, self_training.without(config)).traits.sentences:
            n_folds = FOLDS
    return pairs, msgspec.structs.replace(config, training=msgspec.structs.replace(training, cross_validation=n_folds))


def _counted(pairs: readers.Pairs, columns: readers.Columns) -> tuple[readers.Pairs, int]:
    """Return the pairs and their number: MOST + 1 for more than MOST, 0 for a stream that is a file."""
    if isinstance(pairs, Iterator):
        first = list(itertools.islice(pairs, MOST + 1))
        return (first if len(first) <= MOST else itertools.chain(first, pairs)), len(first)
    if arguments.is_stream(pairs):
        return pairs, 0
    found = itertools.chain.from_iterable(one.pairs(columns) for one in readers.inputs(pairs))
    return pairs, sum(1 for _ in itertools.islice(found, MOST + 1))
