"""The loss over the output layer, in tiles of steps, so that the logits (T, B, V) of a large batch never exist at once.

Up to KEPT logits there is one tile, and backward finds the probabilities that forward left in the place of the logits.
Beyond, forward keeps the cross-entropies alone, and backward computes each tile again. Tiles are added in the order of
time: with compiled kernels all sums are then the same chains, with the same bytes, as in one tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqwright.models.decoder import Decoder
from seqwright.models.decoder_state import Hidden
from seqwright.nn import copying, cross_entropy
from seqwright.nn.cache import Cache
from seqwright.types import Array, Ids

__all__ = ["Predicted", "backward", "forward"]

KEPT = 1 << 24  # logits, 64 MB: a batch of 32 sentences of 60 subwords of 8,000


class Predicted(NamedTuple):
    """What is predicted from what: targets (T, B) int32, of which row b has lengths[b], from the decoder's `hidden`.

    copyable (S, B): target id of each source symbol, -1 for none; None without a copy mechanism.
    smoothing: as for `nn.cross_entropy`.
    """

    hidden: Hidden
    targets: Ids
    lengths: Ids
    copyable: Ids | None
    smoothing: float

    def tile(self, steps: slice) -> Predicted:
        """Return some of the steps."""
        if steps == slice(0, len(self.targets)):
            return self
        x, weights, gate = (None if a is None else a[steps] for a in self.hidden)
        assert x is not None, "the output layer has inputs"
        targets = self.targets[steps]
        lengths: Ids = np.clip(self.lengths - np.int32(steps.start), 0, np.int32(len(targets)))
        return self._replace(hidden=Hidden(x, weights, gate), targets=targets, lengths=lengths)


def forward(decoder: Decoder, predicted: Predicted, cache: Cache) -> float:
    """Return the mean cross-entropy, in nats a symbol; that of each symbol is cache["nll"] (T, B)."""
    nll = cache.new("nll", predicted.targets.shape)
    for steps in _tiles(decoder, predicted):
        nll[steps] = _each(decoder, predicted.tile(steps), cache.of("tile"))
    return cross_entropy.mean(nll, predicted.lengths)


def backward(decoder: Decoder, predicted: Predicted, dloss: float, cache: Cache) -> Hidden:
    """Add to the gradients of the output layer, return the gradient of `hidden`.   dloss: gradient of the mean."""
    n = cross_entropy.n_symbols(len(predicted.targets), predicted.lengths)
    tiles, part = list(_tiles(decoder, predicted)), cache.of("tile")
    if len(tiles) == 1:
        return _gradients(decoder, predicted, dloss, n, part)
    x, weights, gate = predicted.hidden
    copies = predicted.copyable is not None
    d = Hidden(
        cache.new("dx", x.shape),
        cache.new("dweights", weights.shape) if copies and weights is not None else None,
        cache.new("dgate", gate.shape) if copies and gate is not None else None,
    )
    for steps in tiles:
        tile = predicted.tile(steps)
        _each(decoder, tile, part)
        for whole, found in zip(d, _gradients(decoder, tile, dloss, n, part), strict=True):
            if whole is not None:
                whole[steps] = found
    return d


def _tiles(decoder: Decoder, predicted: Predicted) -> Iterator[slice]:
    """Yield the steps of each tile; one, if there are none."""
    T, B = predicted.targets.shape
    n = max(1, KEPT // max(1, B * decoder.spec.target_vocab_size))
    for first in range(0, max(1, T), n):
        yield slice(first, min(first + n, T))


def _each(decoder: Decoder, tile: Predicted, cache: Cache) -> Array:
    """Return the cross-entropy of each symbol of a tile."""
    hidden, targets, lengths, copyable, smoothing = tile
    logits = decoder.logits(hidden.x, cache.of("layer"))
    if copyable is None:
        return cross_entropy.each(logits, targets, lengths, cache, smoothing=smoothing, probs=logits)
    assert hidden.attention_weights is not None and hidden.gate is not None, "a copy mechanism has attention and a gate"
    return copying.each(
        logits, hidden.attention_weights, hidden.gate, copyable, targets, lengths, cache, smoothing=smoothing
    )


def _gradients(decoder: Decoder, tile: Predicted, dloss: float, n: int, cache: Cache) -> Hidden:
    """Return the gradient of a tile's `hidden` from what `_each` left in the cache."""
    dweights = dgate = None
    if tile.copyable is None:
        dlogits = cross_entropy.backward(dloss, cache, smoothing=tile.smoothing, n=n)
    else:
        dlogits, dweights, dgate = copying.backward(dloss, cache, smoothing=tile.smoothing, n=n)
    return Hidden(decoder.logits_backward(dlogits, cache.of("layer")), dweights, dgate)
