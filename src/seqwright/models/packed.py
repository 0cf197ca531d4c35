"""A network's weights as compiled inference reads them: rearranged once, then only read."""

from __future__ import annotations

from typing import NamedTuple, NoReturn

import numpy as np

from seqwright import kernels
from seqwright.models.decoder import Decoder
from seqwright.models.encoder import Encoder
from seqwright.nn import attention
from seqwright.types import Array

__all__ = ["Packed", "pack"]

LINE = 64  # bytes of a cache line


class Packed(NamedTuple):
    """What `kernels.pack_encoder` and `kernels.pack_decoder` made of a network's weights as they were then.

    Good for the kernels of this process: it goes into no file. Threads may share it.
    int8: the products of inference are those of 8-bit weights and inputs.
    """

    encoder: Array
    decoder: Array
    int8: bool

    def __reduce__(self) -> NoReturn:
        raise TypeError("packed weights are of this process: pickle the network, and pack it again where it goes")


def pack(encoder: Encoder, decoder: Decoder, *, int8: bool) -> Packed:
    """Return the weights of both, packed."""
    e, d = encoder.weights, decoder.weights
    bridge, (W, b) = list(e.bridge.values()), d.affine
    attended = None if d.attention is None else attention.positional(d.attention)
    assert b is not None, "the decoder's affine layer has a bias"
    W = np.ascontiguousarray(W)  # where it is tied, a view of the embedding
    packed = Packed(
        _aligned(kernels.encoder_size(e.embedding, e.lstm, bridge, int8), e.embedding),
        _aligned(kernels.decoder_size(d.embedding, d.lstm, attended, W, b, int8), d.embedding),
        int8,
    )
    kernels.pack_encoder(e.embedding, e.lstm, bridge, int8, packed.encoder)
    kernels.pack_decoder(d.embedding, d.lstm, attended, W, b, int8, packed.decoder)
    return packed


def _aligned(size: int, like: Array) -> Array:
    """Return an array of the type of `like` that begins at a cache line, so that no vector lies across two."""
    n = LINE // like.itemsize
    block = np.empty(size + n, like.dtype)
    first = -(block.ctypes.data // like.itemsize) % n
    return block[first : first + size]
