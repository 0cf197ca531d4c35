"""The PyTorch peer of real trainings computes what ours does, with dropout and on ragged batches, packed or padded."""

import numpy as np
import pytest

import seqwright

pytest.importorskip("torch", reason="the benchmarks' peer needs PyTorch: pip install seqwright[bench]")

from benchmarks import agreement, peer_recipe
from benchmarks.recipes import Drawn

OPTIONS = [
    {"bidirectional": True, "attention": "bilinear", "bridge": "hc", "dropout": 0.3, "label_smoothing": 0.1},
    {"bidirectional": True, "attention": "additive", "bridge": "hc", "distance_bias": True, "encoder_layers": 2,
     "dropout": 0.3, "label_smoothing": 0.1},
    {"bidirectional": True, "attention": "additive", "bridge": "h", "distance_bias": True, "dropout": 0.3,
     "copy_map": [-1, -1, *range(2, 11)], "feature_mask": [False] * 9 + [True] * 2, "label_smoothing": 0.1},
    {"attention": "dot", "layers": 2, "dropout": 0.2},
    {"tied": True, "bidirectional": True, "attention": "additive", "bridge": "hc"},
]  # fmt: skip


@pytest.fixture
def batch():
    rng = np.random.default_rng(5)
    S, T, B = 7, 5, 4
    source = rng.integers(8, size=(S, B), dtype=np.int32)
    source[0] = 9, 10, 9, 9  # a feature
    return Drawn(
        source, np.array([7, 3, 5, 2], np.int32), rng.integers(11, size=(T + 1, B), dtype=np.int32),
        np.array([2, 5, 4, 1], np.int32), rng.integers(11, size=(T, B), dtype=np.int32), source,
    )  # fmt: skip


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: options["attention"] + str(len(options)))
def test_loss_and_every_gradient_are_ours_under_the_same_dropout_masks(options, packed, batch):
    width = 6 if options.get("tied") else 4
    net = seqwright.Seq2seq(11, width, 6, dtype=np.float64, **options)
    net.params.flat[:] = np.random.default_rng(6).normal(0, 0.5, net.params.flat.size)
    differences = agreement.recipe_difference(net, batch, packed=packed, rng=np.random.default_rng(7))
    assert max(differences.values()) < 1e-9, differences


def test_masks_are_those_of_our_last_loss(batch):
    net = seqwright.Seq2seq(11, 4, 6, dropout=0.5, bidirectional=True, attention="bilinear")
    net.loss(*batch[:4], np.random.default_rng(1), read=batch.read, copied=batch.copied)
    masks = peer_recipe.masks_of(net)
    assert {name: tuple(mask.shape) for name, mask in masks.items()} == {
        "source": (1, 4, 4), "target": (1, 4, 4), "encoder.0": (1, 4, 12), "out": (1, 4, 6),
    }  # fmt: skip
