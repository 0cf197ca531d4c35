"""A loss in tiles of steps is the loss in one piece, and so is its gradient."""

import numpy as np
import pytest
import variants

from seqwright import kernels
from seqwright.models import output_loss

BATCH = variants.batch((5, 1, 3, 0, 5), (2, 4, 1, 3, 7))
EVERY = [variants.FULL, *variants.EVERY[::6], *variants.COPYING, {"tied": True, "layers": 2}]


def results(options, dtype):
    net = variants.network(options, dtype=dtype)
    loss = net.forward(**BATCH.arguments(), rng=np.random.default_rng(1))
    net.backward(0.7)
    return loss, net.cache["nll"].copy(), net.grads.flat.copy()


@pytest.mark.parametrize("steps", [1, 2, 3])
@variants.each(EVERY)
def test_tiles_change_neither_loss_nor_gradient(options, steps, monkeypatch):
    whole = results(options, np.float64)
    monkeypatch.setattr(output_loss, "KEPT", steps * 5 * variants.V_TARGET)
    for one, two in zip(whole, results(options, np.float64), strict=True):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-12)


@pytest.mark.skipif(not kernels.compiled(np.empty(0, np.float32)), reason="the kernels are not compiled")
@variants.each(EVERY)
def test_compiled_tiles_leave_the_same_bytes(options, monkeypatch):
    whole = results(options, np.float32)
    monkeypatch.setattr(output_loss, "KEPT", 2 * 5 * variants.V_TARGET)
    for one, two in zip(whole, results(options, np.float32), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(two).tobytes()
