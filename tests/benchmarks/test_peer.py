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
    pytest.param(
        {"bidirectional": bidirectional, "attention": attention, "bridge": bridge},
        id=f"{bidirectional=}-{attention}-{bridge}",
    )
    for bidirectional in (False, True)
    for attention in ("none", "dot", "bilinear", "additive")
    for bridge in ("h", "hc")
    if not (bidirectional and attention == "dot")  # the memory is 2H wide: dot cannot compare it
]


@pytest.mark.parametrize("options", OPTIONS)
def test_loss_and_every_gradient_are_ours(options, batch):
    differences = agreement.difference(network(**options), batch)
    assert max(differences.values()) < 1e-9, differences


@pytest.mark.parametrize("options", OPTIONS)
def test_ten_training_steps_reach_our_parameters(options, batch):
    net = network(**options)
    theirs = peer.Training(peer.Peer(net), clip_norm=0.5)  # so low that clipping acts
    ours = seqwright.Adam(clip_norm=0.5)
    for _ in range(10):
        net.loss(*batch)
        net.backward()
        ours.update(net.params, net.grads)
        theirs.step(peer.Ids.of(batch))
    for name, parameter in theirs.peer.parameters_as_ours().items():
        # PyTorch adds 1e-6 to the norm that it clips by; ours does not.
        np.testing.assert_allclose(parameter, net.params.named[name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_a_wrong_gradient_is_refused(batch, monkeypatch):
    net = network(bidirectional=True, attention="bilinear", bridge="hc")
    right = peer.Peer.gradients

    def wrong(self):
        found = right(self)
        found["decoder.lstm.0.Wh"] = found["decoder.lstm.0.Wh"] * 1.01
        return found

    monkeypatch.setattr(peer.Peer, "gradients", wrong)
    with pytest.raises(agreement.DisagreementError, match=r"decoder\.lstm\.0\.Wh"):
        agreement.check_gradients(net, batch)
