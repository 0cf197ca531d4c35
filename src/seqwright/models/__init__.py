"""Encoder, decoder and the two together, composed from layers by hand."""

from seqwright.models.decoder import Decoder
from seqwright.models.encoder import Encoder
from seqwright.models.seq2seq import Seq2seq

__all__ = ["Decoder", "Encoder", "Seq2seq"]
