"""The network in PyTorch computes what the NumPy layers compute, in float64 far below rounding of float32."""

import numpy as np
import pytest

from tests.models import variants

torch = pytest.importorskip("torch", reason="the engine needs PyTorch: pip install seqwright[torch]")

from seqwright.engines.pytorch import tensors  # noqa: E402
from seqwright.engines.pytorch.network import Network  # noqa: E402

ALL = [
    *variants.EVERY, *variants.COPYING, *variants.SUMMING, *variants.BIASED, *variants.TIED, *variants.DEEPER,
    *({**options, "label_smoothing": 0.1, "dropout": 0.3} for options in variants.EVERY[::5]),
]  # fmt: skip


def inputs(net, *, padding=1):
    """Return the inputs of a ragged batch of three; each source ends with a symbol that is no feature."""
    batch = variants.batch()
    for source in batch.sources:
        source[-1] = 0
    arguments = batch.arguments(padding=padding)
    ids = (np.ascontiguousarray(arguments[side].T) for side in ("xs", "ts"))
    source, target = ids
    return net.inputs(source, arguments["source_lengths"], target, arguments["target_lengths"])


def summed(theirs, given, drawn):
    """Return PyTorch's sum of the cross-entropy, after its backward pass."""
    loss = theirs(tensors.Tensors.of(given, drawn, theirs.spec, torch.device("cpu"), torch.float64))
    loss.backward()
    return loss.item()


def masks(net, B=3):
    return tensors.masks(net.spec, B, np.random.default_rng(variants.DROPOUT_SEED), np.float64)


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@variants.each(ALL)
def test_loss_and_every_gradient_equal_those_of_the_layers(options, packed):
    net = variants.network(options)
    given, theirs = inputs(net), Network.of(net, packed=packed)
    n = int(given.target_lengths.sum())
    ours = net.loss_of(given, np.random.default_rng(variants.DROPOUT_SEED))
    net.backward()
    assert summed(theirs, given, masks(net)) / n == pytest.approx(ours, rel=1e-12)
    found = net.params.like()
    found.flat[:] = theirs.flat(lambda parameter: parameter.grad) / n
    for name, gradient in net.grads.named.items():
        scale = max(1e-3, np.abs(gradient).max())
        np.testing.assert_allclose(found.named[name], gradient, rtol=0, atol=1e-9 * scale, err_msg=name)


@variants.each([variants.PLAIN, *variants.SUMMING, *variants.TIED, *variants.DEEPER])
def test_a_flat_vector_that_is_loaded_is_the_one_that_is_returned(options):
    net = variants.network(options)
    np.testing.assert_array_equal(Network.of(net).flat(), net.params.flat)


@pytest.mark.parametrize("n", [1, 2, 3, 5], ids="{} processes".format)
@variants.each([variants.FULL, variants.SUMMING[-1], {"reversed_source": True, "dropout": 0.3}])
def test_the_shares_of_all_processes_add_up_to_the_batch(options, n):
    net = variants.network(options)
    given, drawn = inputs(net), masks(net)
    whole, parts = Network.of(net), Network.of(net)
    loss = summed(whole, given, drawn)
    assert sum(summed(parts, *tensors.share(given, drawn, rank, n)) for rank in range(n)) == pytest.approx(loss)
    np.testing.assert_allclose(*(one.flat(lambda parameter: parameter.grad) for one in (parts, whole)), atol=1e-12)


@variants.each([variants.PLAIN, variants.FULL, variants.COPYING[1]])
def test_mixed_precision_gives_nearly_the_same_loss(options):
    net = variants.network(options, dtype=np.float32)
    batch = tensors.Tensors.of(inputs(net), {}, net.spec, torch.device("cpu"), torch.float32)
    theirs = Network.of(net)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = theirs(batch).item()
    assert mixed == pytest.approx(theirs(batch).item(), rel=0.02)
