"""Whether both parties compute the same: nothing is timed before it holds."""

from __future__ import annotations

import copy

import numpy as np

from benchmarks import peer
from seqwright import Seq2seq, models
from seqwright.engines.pytorch import tensors
from seqwright.engines.pytorch.network import Network
from seqwright.models import Inputs

__all__ = ["DisagreementError", "check_gradients", "difference"]

# Of float32 results of different order of summation and different tanh; what is measured is near 1e-6.
TOLERANCE = 1e-4
IN_DOUBLE = 1e-9  # of float64, for gradients of which the sums cancel: with initial weights, that of additive queries


class DisagreementError(AssertionError):
    """The parties do not compute the same function, so their times must not be compared."""


def check_gradients(net: Seq2seq, inputs: Inputs, *, packed: bool = True) -> float:
    """Return the greatest relative difference of loss and gradients that is no rounding.

    DisagreementError: one is above TOLERANCE, and above IN_DOUBLE in float64.
    """
    found = difference(net, inputs, packed=packed)
    suspects = [name for name, value in found.items() if not value <= TOLERANCE]
    if suspects:
        exact = difference(_in_double(net), inputs, packed=packed)
        for name in suspects:
            if not exact[name] <= IN_DOUBLE:
                raise DisagreementError(
                    f"{name} of ours and of PyTorch's differ by {found[name]:.1e}, expected at most {TOLERANCE}, "
                    f"and by {exact[name]:.1e} in float64, expected at most {IN_DOUBLE}"
                )
            found[name] = exact[name]
    return max(found.values())


def _in_double(net: Seq2seq) -> Seq2seq:
    copied = models.build(net.spec, copy_map=net.copy_map, feature_mask=net.feature_mask, dtype=np.float64)
    copied.params.flat[:] = net.params.flat
    return copied


def difference(net: Seq2seq, inputs: Inputs, *, packed: bool = True) -> dict[str, float]:
    """Return the relative difference of the loss, and of each gradient by name, as ‖ours - theirs‖ / ‖theirs‖.

    Both have the same dropout masks.
    """
    rng, theirs = np.random.default_rng(1), peer.network(net, packed=packed)
    masks = tensors.masks(net.spec, inputs.source.shape[1], copy.deepcopy(rng), net.params.dtype.type)
    ours = net.loss_of(inputs, rng)
    net.backward()
    loss = theirs(peer.batch(net, inputs, masks)) / int(inputs.target_lengths.sum())
    loss.backward()
    found = {"loss": abs(ours - loss.item()) / abs(loss.item())}
    for name, expected in gradients(net, theirs).items():
        found[name] = float(np.linalg.norm(net.grads.named[name] - expected) / np.linalg.norm(expected))
    return found


def gradients(net: Seq2seq, theirs: Network) -> dict[str, np.ndarray]:
    """Return the gradients of PyTorch's network by our names."""
    found = net.grads.like()
    found.flat[:] = theirs.flat(lambda parameter: parameter.grad)
    return found.named
