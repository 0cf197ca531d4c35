"""Whether both parties compute the same: nothing is timed before it holds."""

from __future__ import annotations

import numpy as np

from benchmarks import peer
from benchmarks.shapes import Batch
from seqwright import Seq2seq

__all__ = ["DisagreementError", "check_gradients", "difference"]

# Of float32 results of different order of summation and different tanh; what is measured is near 1e-6.
TOLERANCE = 1e-4


class DisagreementError(AssertionError):
    """The parties do not compute the same function, so their times must not be compared."""


def check_gradients(net: Seq2seq, batch: Batch) -> float:
    """Return the greatest relative difference of loss and gradients.   DisagreementError: above TOLERANCE."""
    worst = difference(net, batch)
    for name, value in worst.items():
        if not value <= TOLERANCE:
            raise DisagreementError(
                f"{name} of ours and of PyTorch's differ by {value:.1e}, expected at most {TOLERANCE}"
            )
    return max(worst.values())


def difference(net: Seq2seq, batch: Batch) -> dict[str, float]:
    """Return the relative difference of the loss, and of each gradient by name, as ‖ours - theirs‖ / ‖theirs‖."""
    ours_loss = net.loss(batch.source, batch.source_lengths, batch.target, batch.target_lengths)
    net.backward()
    theirs = peer.Peer(net)
    loss = theirs(*peer.Ids.of(batch))
    loss.backward()
    found = {"loss": abs(ours_loss - loss.item()) / abs(loss.item())}
    for name, expected in theirs.gradients().items():
        found[name] = float(np.linalg.norm(net.grads.named[name] - expected) / np.linalg.norm(expected))
    missing = net.grads.named.keys() - found.keys()
    assert not missing, f"the peer has no gradient for {sorted(missing)}"
    return found
