"""Whether both parties compute the same: nothing is timed before it holds."""

from __future__ import annotations

import numpy as np

from benchmarks import peer, peer_recipe
from benchmarks.recipes import Drawn
from benchmarks.shapes import Batch
from seqwright import Seq2seq

__all__ = ["DisagreementError", "check_gradients", "check_recipe", "difference", "recipe_difference"]

# Of float32 results of different order of summation and different tanh; what is measured is near 1e-6.
TOLERANCE = 1e-4


class DisagreementError(AssertionError):
    """The parties do not compute the same function, so their times must not be compared."""


def check_gradients(net: Seq2seq, batch: Batch) -> float:
    """Return the greatest relative difference of loss and gradients.   DisagreementError: above TOLERANCE."""
    return _checked(difference(net, batch))


def check_recipe(net: Seq2seq, batch: Drawn, *, packed: bool) -> float:
    """Return the greatest relative difference under the same dropout masks.   DisagreementError: above TOLERANCE."""
    return _checked(recipe_difference(net, batch, packed=packed, rng=np.random.default_rng(1)))


def difference(net: Seq2seq, batch: Batch) -> dict[str, float]:
    """Return the relative difference of the loss, and of each gradient by name, as ‖ours - theirs‖ / ‖theirs‖."""
    ours_loss = net.loss(batch.source, batch.source_lengths, batch.target, batch.target_lengths)
    net.backward()
    theirs = peer.Peer(net)
    loss = theirs(*peer.Ids.of(batch))
    loss.backward()
    return _differences(net, ours_loss, loss.item(), theirs.gradients())


def recipe_difference(net: Seq2seq, batch: Drawn, *, packed: bool, rng: np.random.Generator) -> dict[str, float]:
    """Return the same for a batch of a real training.   rng: draws our dropout masks, which the peer takes."""
    ours_loss = net.loss(*batch[:4], rng, read=batch.read, copied=batch.copied)
    net.backward()
    theirs = peer_recipe.Network(net, packed=packed)
    loss = theirs(peer_recipe.Tensors.of(net, batch), peer_recipe.masks_of(net))
    loss.backward()
    return _differences(net, ours_loss, loss.item(), theirs.gradients())


def _checked(worst: dict[str, float]) -> float:
    for name, value in worst.items():
        if not value <= TOLERANCE:
            raise DisagreementError(
                f"{name} of ours and of PyTorch's differ by {value:.1e}, expected at most {TOLERANCE}"
            )
    return max(worst.values())


def _differences(net: Seq2seq, ours: float, theirs: float, gradients: dict[str, np.ndarray]) -> dict[str, float]:
    found = {"loss": abs(ours - theirs) / abs(theirs)}
    for name, expected in gradients.items():
        found[name] = float(np.linalg.norm(net.grads.named[name] - expected) / np.linalg.norm(expected))
    missing = net.grads.named.keys() - found.keys()
    assert not missing, f"the peer has no gradient for {sorted(missing)}"
    return found
