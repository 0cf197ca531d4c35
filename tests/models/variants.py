"""The networks that the tests of models run on: every combination of the options that change the computation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from seqwright.models import Seq2seq

V_SOURCE, V_TARGET, D, H = 6, 5, 3, 4
START, END = 0, 1  # of targets, by convention of these tests
DROPOUT_SEED = 5

Options = dict[str, Any]


def sensible(options: Options) -> bool:
    if options["attention"] == "dot" and options["bidirectional"]:
        return False  # the memory is twice as wide as the decoder
    return not (options["reversed_source"] and options["bidirectional"])  # which reads in both directions anyway


def name(options: Options) -> str:
    """Return the options that differ from the plain model, as a name for a test."""
    plain = (False, "none", 0.0, ("layers", 1), ("bridge", "h"))
    told = [item for item in options.items() if item[1] not in plain and item not in plain]
    return " ".join(key if value is True else f"{key}={value}" for key, value in told) or "plain"


def product(**choices: Sequence[Any]) -> list[Options]:
    combinations = (dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values()))
    return [options for options in combinations if sensible(options)]


EVERY = product(
    layers=[1, 2],
    bidirectional=[False, True],
    attention=["none", "dot", "bilinear", "additive"],
    peeky=[False, True],
    reversed_source=[False, True],
    bridge=["h", "hc"],
)
PLAIN: Options = {}
FULL: Options = {
    "layers": 2, "bidirectional": True, "attention": "bilinear", "peeky": True, "bridge": "hc",
    "dropout": 0.3, "label_smoothing": 0.1,
}  # fmt: skip
TWINS = (-1, 2, 0, 2, -1, 4)  # of the sources' symbols: two of one symbol, and one that a target ends with
COPYING: list[Options] = [
    {"attention": "dot", "twins": TWINS},
    {"bidirectional": True, "attention": "bilinear", "bridge": "hc", "twins": TWINS},
    {"bidirectional": True, "attention": "additive", "bridge": "hc", "twins": TWINS},
    {**FULL, "twins": TWINS},
]
GENERATING: list[Options] = [  # which have no choice but to
    PLAIN,
    {"reversed_source": True, "peeky": True, "bridge": "hc"},
    {"layers": 2, "attention": "dot", "label_smoothing": 0.1},
    {"bidirectional": True, "attention": "bilinear"},
    {"bidirectional": True, "attention": "additive"},
    {**FULL, "dropout": 0.0},
    {"encoder_layers": 2, "bidirectional": True, "attention": "bilinear", "bridge": "hc"},
]
FEATURES = (False, True, False, False, True, False)
SUMMING: list[Options] = [
    {"features": FEATURES},
    {**FULL, "features": FEATURES, "feature_dropout": 0.5, "twins": TWINS},
]
BIASED: list[Options] = [
    {"attention": "dot", "distance_bias": True},
    {**FULL, "attention": "additive", "distance_bias": True, "twins": TWINS},
]
TIED: list[Options] = [
    {"tied": True},
    {**FULL, "attention": "additive", "peeky": False, "tied": True, "twins": TWINS},
]
DEEPER: list[Options] = [  # on the encoder's side
    {"encoder_layers": 2},
    {"encoder_layers": 3, "reversed_source": True, "peeky": True, "bridge": "hc"},
    {**FULL, "encoder_layers": 3},
]
FEW = [*GENERATING, SUMMING[0], {**FULL, "dropout": 0.0, "twins": TWINS}]


def each(variants: Sequence[Options]) -> pytest.MarkDecorator:
    """Run a test for every variant."""
    return pytest.mark.parametrize("options", [pytest.param(options, id=name(options)) for options in variants])


def network(options: Options, *, seed: int = 0, dtype: Any = np.float64) -> Seq2seq:
    """Return a small network whose parameters, biases too, are far enough from zero for every term to count."""
    rng = np.random.default_rng(seed)
    net = Seq2seq(
        V_SOURCE, H if options.get("tied") else D, H, target_vocab_size=V_TARGET, **options, rng=rng, dtype=dtype
    )
    net.params.flat[:] = 0.6 * rng.standard_normal(net.params.flat.shape)
    return net


class Batch(NamedTuple):
    """Sequences of different lengths; `arguments` pads them with ids that mean nothing."""

    sources: list[list[int]]
    targets: list[list[int]]  # with a first symbol that is only read

    def arguments(self, *, padding: int = 0, seed: int = 0) -> dict[str, Any]:
        """Return the arguments of `Seq2seq.forward`, padded by `padding` more steps than the longest row needs."""
        rng = np.random.default_rng(seed)

        def padded(rows: list[list[int]], V: int) -> np.ndarray:
            ids = rng.integers(V, size=(len(rows), max(map(len, rows)) + padding)).astype(np.int32)
            for b, row in enumerate(rows):
                ids[b, : len(row)] = row
            return ids

        return {
            "xs": padded(self.sources, V_SOURCE),
            "ts": padded(self.targets, V_TARGET),
            "source_lengths": np.array([len(row) for row in self.sources], np.int32),
            "target_lengths": np.array([len(row) - 1 for row in self.targets], np.int32),
        }

    def row(self, b: int) -> Batch:
        return Batch([self.sources[b]], [self.targets[b]])


def batch(
    source_lengths: Sequence[int] = (5, 1, 3), target_lengths: Sequence[int] = (2, 4, 1), *, seed: int = 1
) -> Batch:
    """Return random sequences; target_lengths count what is predicted."""
    rng = np.random.default_rng(seed)
    sources = [rng.integers(V_SOURCE, size=n).tolist() for n in source_lengths]
    return Batch(sources, [rng.integers(V_TARGET, size=n + 1).tolist() for n in target_lengths])
