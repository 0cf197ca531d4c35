"""Real trainings: the network that the recipe chooses for public data, and batches as `seqwright train` draws them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqwright import config
from seqwright.data import batches
from seqwright.models import Seq2seq
from seqwright.training import unknown_dropout
from seqwright.training.loop import Loop
from seqwright.training.prepare import Prepared, prepare

__all__ = ["RECIPES", "Drawn", "Recipe", "chosen", "drawn"]

DATA = Path(os.environ.get("SEQWRIGHT_DATA", Path(__file__).parents[2] / "shared" / "data"))


class Recipe(NamedTuple):
    """A training file, dev file and settings; `whole` are further settings of an end-to-end run.

    n_batches: of an epoch, in a turn of timed steps.
    """

    name: str
    train: str
    dev: str | None
    settings: tuple[str, ...]
    whole: tuple[str, ...]
    n_batches: int = 8

    def prepared(self) -> Prepared:
        """Return the data and the complete configuration, as `seqwright train` has them before the first step."""
        dev = None if self.dev is None else DATA / self.dev
        return prepare(DATA / self.train, dev, config.parse({}, list(self.settings)))


RECIPES = (
    Recipe("hungarian", "g2p/hun.train.tsv", "g2p/hun.dev.tsv", (), ("training.epochs=8",)),
    Recipe("cmudict", "cmudict/train.tsv", None, (), ("training.time_budget_s=80",), n_batches=4),
    Recipe(
        "turkish", "turkish-inflection/train-medium.tsv", "turkish-inflection/dev.tsv", (), ("training.epochs=8",)
    ),
    Recipe(
        "french", "french-english/train.tsv", "french-english/dev.tsv",
        ("text.source_tokens=subwords:8000", "text.target_tokens=subwords:8000"), ("training.time_budget_s=80",),
        n_batches=4,
    ),
)  # fmt: skip


class Drawn(NamedTuple):
    """The arguments of `Seq2seq.loss` for one batch: ids (S, B), (T + 1, B), (T, B) and (S, B), lengths (B,)."""

    source: np.ndarray
    source_lengths: np.ndarray
    target: np.ndarray
    target_lengths: np.ndarray
    read: np.ndarray
    copied: np.ndarray


def drawn(prepared: Prepared, n: int, *, seed: int = 1) -> tuple[Seq2seq, list[Drawn]]:
    """Return the network with its initial values, and the middle batches of n equal parts of an epoch by size."""
    network, training = Loop(prepared).network, prepared.config.training
    assert training.batch_size is not None, "set by the recipe"
    rng = np.random.default_rng(seed)
    epoch = list(
        batches.batches(
            prepared.examples, batch_size=training.batch_size, rng=rng, max_tokens=training.max_batch_tokens,
            pool=training.pool,
        )
    )  # fmt: skip
    epoch.sort(key=lambda batch: batch.source.size + batch.target.size)
    found = []
    for batch in (epoch[(2 * i + 1) * len(epoch) // (2 * n)] for i in range(n)):
        inputs = unknown_dropout.drop(
            batch, source_rates=prepared.unknown_rates, target_rate=training.word_dropout or 0.0,
            copy_map=network.copy_map, rng=rng, unknown_ids=prepared.unknown_ids,
        )  # fmt: skip
        found.append(
            Drawn(inputs.source, batch.source_lengths, batch.target, batch.target_lengths, inputs.target, batch.source)
        )
    return network, found


def chosen(names: Iterable[str]) -> list[Recipe]:
    """Return the recipes of these names; all, if there are no names."""
    wanted, known = list(names), {recipe.name: recipe for recipe in RECIPES}
    for name in wanted:
        if name not in known:
            raise SystemExit(f"--only {name}: no such training; there are {', '.join(known)}")
    return [known[name] for name in wanted] or list(RECIPES)
