"""Encoder, decoder and the two together, composed from layers by hand."""

from seqwright.models.build import build
from seqwright.models.decoder import Decoder
from seqwright.models.encoder import Encoder
from seqwright.models.inputs import Inputs
from seqwright.models.seq2seq import Seq2seq
from seqwright.models.spec import ModelSpec

__all__ = ["Decoder", "Encoder", "Inputs", "ModelSpec", "Seq2seq", "build"]
