"""The PyTorch peer of the benchmarks computes what ours does, in float64 far below rounding of float32."""

import numpy as np
import pytest

import seqwright

pytest.importorskip("torch", reason="the benchmarks' peer needs PyTorch: pip install seqwright[bench]")

from benchmarks import agreement, peer
from benchmarks.shapes import Batch


@pytest.fixture
def batch():
    rng = np.random.default_rng(5)
    S, T, B = 7, 5, 3
    return Batch(
        rng.integers(11, size=(S, B), dtype=np.int32), np.full(B, S, np.int32),
        rng.integers(11, size=(T + 1, B), dtype=np.int32), np.full(B, T, np.int32),
    )  # fmt: skip


def network(**options):
    """Return a small network whose parameters are all far from 0, biases too."""
    net = seqwright.Seq2seq(11, 4, 6, dtype=np.float64, **options)
    net.params.flat[:] = np.random.default_rng(6).normal(0, 0.5, net.params.flat.size)
    return net


OPTIONS = [
    pytest.param({"bidirectional": bidirectional, "attention": attention}, id=f"{bidirectional=}-{attention}")
    for bidirectional, attention in ((False, "none"), (False, "dot"), (True, "bilinear"), (True, "additive"))
]


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
def test_loss_and_every_gradient_are_ours_under_the_same_dropout_masks(packed):
    net = network(bidirectional=True, attention="bilinear", bridge="hc", dropout=0.3, label_smoothing=0.1)
    rng = np.random.default_rng(5)
    inputs = net.inputs(
        rng.integers(11, size=(7, 4), dtype=np.int32), np.array([7, 3, 5, 2], np.int32),
        rng.integers(11, size=(6, 4), dtype=np.int32), np.array([2, 5, 4, 1], np.int32),
    )  # fmt: skip
    differences = agreement.difference(net, inputs, packed=packed)
    assert max(differences.values()) < 1e-9, differences


@pytest.mark.parametrize("options", OPTIONS)
def test_ten_training_steps_reach_our_parameters(options, batch):
    net = network(**options)
    theirs = peer.Training(peer.network(net), clip_norm=0.5)  # so low that clipping acts
    tensors = peer.batch(net, net.inputs(*batch))
    ours = seqwright.Adam(clip_norm=0.5)
    for _ in range(10):
        net.loss(*batch)
        net.backward()
        ours.update(net.params, net.grads)
        theirs.step(tensors)
    # PyTorch adds 1e-6 to the norm that it clips by; ours does not.
    np.testing.assert_allclose(theirs.peer.flat(), net.params.flat, rtol=1e-5, atol=1e-6)


def test_a_wrong_gradient_is_refused(batch, monkeypatch):
    net = network(bidirectional=True, attention="bilinear", bridge="hc")
    right = agreement.gradients

    def wrong(net, theirs):
        found = right(net, theirs)
        found["decoder.lstm.0.Wh"] *= 1.01
        return found

    monkeypatch.setattr(agreement, "gradients", wrong)
    with pytest.raises(agreement.DisagreementError, match=r"decoder\.lstm\.0\.Wh"):
        agreement.check_gradients(net, net.inputs(*batch))


def test_a_gradient_whose_sums_cancel_is_compared_in_double_precision(batch):
    """At nearly equal keys, the gradient of the queries is a small rest, and float32 has few of its digits."""
    net = seqwright.Seq2seq(11, 4, 6, bidirectional=True, attention="additive", bridge="hc")
    inputs = net.inputs(*batch)
    assert agreement.difference(net, inputs)["decoder.attention.Wq"] > agreement.TOLERANCE
    assert agreement.check_gradients(net, inputs) < agreement.TOLERANCE
