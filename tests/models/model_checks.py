"""What a right model passes and a wrong one fails; used on the model as it is and on one with a planted fault."""

from typing import Any

import numpy as np
import oracle
import variants

from seqwright.testing import gradients


def dropout_rng(options: variants.Options) -> np.random.Generator | None:
    return np.random.default_rng(variants.DROPOUT_SEED) if options.get("dropout") else None


def check_gradients(options: variants.Options, batch: variants.Batch, *, check: Any = gradients.check_vjp) -> None:
    """Check the gradient of the loss with respect to every parameter alone and the flat vector as a whole."""
    net = variants.network(options)
    arguments = batch.arguments(padding=1)

    def f(**named):
        for name, value in named.items():
            net.params.named[name][:] = value
        return [np.array(net.forward(**arguments, rng=dropout_rng(options)))]

    def vjp(named, v):
        f(**named)
        net.grads.flat[:] = 0.75  # backward sets them, whatever they were
        net.backward(float(v[0]))
        return net.grads.named

    check(f, vjp, {name: a.copy() for name, a in net.params.named.items()}, np.random.default_rng(3))


def check_oracle(options: variants.Options, batch: variants.Batch, *, tolerance: float = 1e-10) -> None:
    """Check the loss, that of each sequence, and each gradient against loops over single numbers."""
    net = variants.network(options)
    seed = variants.DROPOUT_SEED if options.get("dropout") else None
    slow = oracle.Oracle(net.params.named, **options)
    loss, nlls, expected = slow.loss_and_gradients(batch.sources, batch.targets, seed)
    actual = net.forward(**batch.arguments(padding=1), rng=dropout_rng(options))
    np.testing.assert_allclose(actual, loss, rtol=tolerance, err_msg="loss")
    np.testing.assert_allclose(net.cache["nll"].sum(axis=0), nlls, rtol=tolerance, err_msg="nll of each sequence")
    net.grads.flat[:] = 0.75  # backward sets them, whatever they were
    net.backward(2.0)
    for name, gradient in expected.items():
        scale = max(1e-3, np.abs(gradient).max())
        np.testing.assert_allclose(net.grads.named[name], 2 * gradient, rtol=0, atol=tolerance * scale, err_msg=name)
