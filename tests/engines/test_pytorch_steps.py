"""Steps in PyTorch follow those of the layers, from the same parameters, batches and dropout masks."""

import numpy as np
import pytest

from seqwright import engines, optim
from seqwright.models import ModelSpec, build

torch = pytest.importorskip("torch", reason="the engine needs PyTorch: pip install seqwright[torch]")

V = 12
SPEC = ModelSpec(
    source_vocab_size=V, target_vocab_size=V, embedding_size=8, hidden_size=16, bidirectional=True, bridge="hc",
    attention="bilinear", dropout=0.3, label_smoothing=0.1, copying=True, initial_values="uniform",
)  # fmt: skip


def both(make=optim.Adam):
    """Return the engine of the layers and that of PyTorch for the same network."""
    nets = [build(SPEC, np.random.default_rng(1), copy_map=range(V)) for _ in range(2)]
    return [
        engines.start(net, make(), device=device, precision="float32")
        for net, device in zip(nets, (None, "cpu"), strict=True)
    ]


def batches(n, *, seed=2):
    """Return n ragged batches of six sequences to be reversed."""
    rng, net = np.random.default_rng(seed), build(SPEC, copy_map=range(V))
    for _ in range(n):
        lengths = rng.integers(2, 8, 6).astype(np.int32)
        source = rng.integers(V, size=(7, 6), dtype=np.int32)
        target = np.concatenate([source[:1], source])
        for b, length in enumerate(lengths):
            target[1 : length + 1, b] = source[:length, b][::-1]
        yield net.inputs(source, lengths, target, lengths)


def losses(engine, n, *, learning_rate=5e-3, seed=2):
    rng = np.random.default_rng(3)
    return [engine.step(inputs, rng, learning_rate=learning_rate).loss for inputs in batches(n, seed=seed)]


@pytest.mark.parametrize(
    "make",
    [optim.Adam, lambda: optim.Adam(betas=(0.9, 0.98), weight_decay=0.1, clip_norm=0.3), optim.SGD],
    ids=["Adam", "Adam with decay and clipping", "SGD"],
)
def test_the_losses_of_fifty_steps_are_those_of_the_layers(make):
    ours, theirs = both(make)
    expected = losses(ours, 50)
    assert losses(theirs, 50) == pytest.approx(expected, rel=1e-4)
    assert expected[-1] < expected[0]
    np.testing.assert_allclose(theirs.network.params.flat, ours.network.params.flat, atol=2e-3)


@pytest.mark.parametrize("first", [0, 1], ids=["from the layers to PyTorch", "from PyTorch to the layers"])
def test_a_training_continues_in_the_other_engine(first):
    pair = both()
    one, other = pair[first], pair[1 - first]
    losses(one, 10)
    arrays, step = one.state()
    other.restore({**arrays, "best": arrays["params"]}, step)
    assert step == 10
    assert losses(other, 10, seed=4) == pytest.approx(losses(one, 10, seed=4), rel=1e-4)


def test_a_restored_state_is_the_state_that_was_saved():
    _, engine = both()
    losses(engine, 3)
    arrays, step = engine.state()
    _, again = both()
    again.restore(arrays, step)
    found, found_step = again.state()
    assert found_step == step == 3
    assert found.keys() == arrays.keys() == {"params", "adam.m", "adam.v"}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    assert losses(again, 3, seed=5) == losses(engine, 3, seed=5)


def test_a_step_without_a_finite_loss_changes_nothing():
    _, engine = both()
    arrays, step = engine.state()
    arrays["params"][0] = np.nan
    arrays["params"][-1] = np.nan
    engine.restore(arrays, step)
    outcome = engine.step(next(batches(1)), np.random.default_rng(1), learning_rate=1.0)
    assert np.isnan([outcome.loss, outcome.norm]).all()
    np.testing.assert_array_equal(engine.state()[0]["params"], arrays["params"])
    assert engine.state()[1] == 0
