"""Candidates: settings of the network that are tried before the training, which then has the best of them.

With few pairs, which attention, size or dropout is best depends on the data. Candidates are trained on few epochs, the
better half on twice as many, until two are left (successive halving: Jamieson & Talwalkar 2016, "Non-stochastic Best
Arm Identification and Hyperparameter Optimization"); each round takes as long as a training. The settings that the
recipe chooses are in every round. They are kept unless the last other candidate has a lower dev loss, by more than one
standard error of the difference over dev sources: the loss, because some dozens of right and wrong answers hardly
differ. In a cross-validation, the dev sources are those of the first fold.

Each is an ordinary training in a directory of its own below the model directory, so that an interrupted one is
continued, and a finished one not repeated. The model is that of a training with the settings that were found.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from seqwright.config import Config, ModelConfig
from seqwright.data import batches
from seqwright.errors import ConfigError, UsageError
from seqwright.training import events
from seqwright.training.cross_validation import Fold
from seqwright.types import Array

__all__ = [
    "Candidates",
    "Changes",
    "Tried",
    "check",
    "given",
    "losses",
    "named",
    "of",
    "search",
    "variants",
    "with_changes",
]

SIZES = {128: 256, 256: 128, 384: 256, 512: 384}  # hidden units to try instead
DROPOUT = 0.5, 0.3  # to try: the greater one unless the recipe has at least HIGH
HIGH = 0.4
CERTAIN = 1.0  # standard errors by which a candidate must be better than the recipe

Changes = dict[str, Any]


class Tried(msgspec.Struct, kw_only=True):
    """One candidate.

    changes: of the recipe's settings.   losses: on dev in nats per symbol, after each round that it was in.
    """

    changes: Changes
    losses: list[float]


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """What was tried and chosen, for the manifest.

    n: as configured.   recipe: settings of the network without candidates.   epochs: of each round.
    chosen: index of the candidate with which the model was trained.   difference, error: of the dev loss in nats per
    source, of the last other candidate to the recipe, and its standard error.
    """

    n: int
    recipe: ModelConfig
    epochs: list[int]
    tried: list[Tried]
    chosen: int
    difference: float
    error: float


def check(config: Config, fine_tune: object) -> None:
    """Raise UsageError or ConfigError if there can be no candidates."""
    if fine_tune is not None:
        raise UsageError("a fine-tuning has the network of its model; leave training.candidates (--candidates) out")
    if config.others:
        raise ConfigError("training.candidates cannot be combined with [[others]]: candidates have one kind of network")


def variants(open_: ModelConfig, recipe: ModelConfig, n: int) -> list[Changes]:
    """Return the changes of n candidates at most, those with the fewest changes first; the first one has none.

    open_: settings as configured, of which only those that are None are changed.   recipe: with all of them set.
    """
    single: list[Changes] = []
    if open_.attention is None:
        other = "bilinear" if recipe.attention == "additive" else "additive"
        bias = {} if open_.distance_bias is not None else {"distance_bias": other == "additive"}
        single.append({"attention": other, **bias})
    sizes = ("hidden_size", "embedding_size") if recipe.tied else ("hidden_size",)
    if all(getattr(open_, name) is None for name in sizes) and recipe.hidden_size in SIZES:
        single.append(dict.fromkeys(sizes, SIZES[recipe.hidden_size]))
    if open_.dropout is None:
        most, least = DROPOUT
        single.append({"dropout": most if (recipe.dropout or 0.0) < HIGH else least})
    every = [
        {name: value for change in some for name, value in change.items()}
        for size in range(len(single) + 1)
        for some in itertools.combinations(single, size)
    ]
    return every[:n]


def search(
    train: Callable[[Changes, int], Fold],
    config: Config,
    changes: Sequence[Changes],
    listen: Callable[[events.Event], None],
) -> Candidates:
    """Return what was tried and chosen.

    train: returns the model of a candidate with so many epochs.   config: that of the recipe.
    """
    epochs, n_rounds = config.training.epochs, max(1, math.ceil(math.log2(len(changes))))
    assert epochs is not None, "set by the recipe"
    tried = [Tried(changes=one, losses=[]) for one in changes]
    left, of_round, difference, error = list(range(len(tried))), list[int](), 0.0, 0.0
    for turn in range(n_rounds):
        of_round.append(max(1, round(epochs / 2 ** (n_rounds - turn))))
        found: dict[int, Array] = {}
        for i in left:
            fold = train(tried[i].changes, of_round[-1])
            found[i], n_symbols = losses(fold)
            tried[i].losses.append(float(found[i].sum()) / n_symbols)
            listen(events.Tried(named(tried[i].changes), of_round[-1], tried[i].losses[-1]))
        others = sorted(left[1:], key=lambda i: tried[i].losses[-1])
        apart = found[others[0]] - found[0]
        difference = float(apart.mean())
        error = float(apart.std(ddof=1)) / math.sqrt(len(apart)) if len(apart) > 1 else math.inf
        left = [0, *sorted(others[: max(1, len(left) // 2 - 1)])]
    best = others[0] if difference < -CERTAIN * error else 0
    listen(events.Settled(named(tried[best].changes)))
    return Candidates(
        n=config.training.candidates, recipe=config.model, epochs=of_round, tried=tried, chosen=best,
        difference=difference, error=error if math.isfinite(error) else 0.0,
    )  # fmt: skip


def losses(fold: Fold) -> tuple[Array, int]:
    """Return the cross-entropy of the first reference of each dev source in nats, and the number of target symbols."""
    [network] = fold.model.bundle.build()
    examples = fold.prepared.dev.examples(fold.prepared.target)
    found, n_symbols = np.zeros(len(examples)), 0
    for batch in batches.batches(examples, batch_size=1, rng=None):
        n = int(batch.target_lengths.sum())
        loss = network.loss(batch.source, batch.source_lengths, batch.target, batch.target_lengths, smoothing=0.0)
        found[batch.index] = n * loss
        n_symbols += n
    return found, n_symbols


def of(config: Config, changes: Changes, epochs: int) -> Config:
    """Return the configuration of the training of a candidate: one network, without auxiliary data."""
    training = msgspec.structs.replace(
        config.training, candidates=0, members=1, epochs=epochs, patience=None, unlabelled="", also="", report=False,
        log="none",
    )  # fmt: skip
    return msgspec.structs.replace(with_changes(config, changes), training=training)


def with_changes(config: Config, changes: Changes) -> Config:
    """Return the configuration of a training with these settings, and without candidates."""
    return msgspec.structs.replace(
        config,
        model=msgspec.structs.replace(config.model, **changes),
        training=msgspec.structs.replace(config.training, candidates=0),
    )


def given(config: Config, found: Candidates) -> Config:
    """Return the configuration before the choice: that of the recipe, with candidates to try."""
    training = msgspec.structs.replace(config.training, candidates=found.n)
    return msgspec.structs.replace(config, model=found.recipe, training=training)


def named(changes: Changes) -> str:
    """Return changes for people."""
    settings = (f"{name}={str(value).lower()}" for name, value in changes.items())
    return " ".join(settings) or "settings of the recipe"
