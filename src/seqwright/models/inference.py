"""Networks for inference: compiled where compiled kernels are available, NumPy layers otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from seqwright import kernels
from seqwright.models.compiled import compiled
from seqwright.models.decoder import DecoderState
from seqwright.models.int8 import quantized
from seqwright.models.seq2seq import Seq2seq
from seqwright.models.step import Step
from seqwright.types import Ids

__all__ = ["Inference", "compiled"]


class Inference:
    """A network with its present weights; any number of threads may search it.

    Parameters
    ----------
    model : Seq2seq
        The network. With compiled kernels its weights are copied and packed, otherwise they are read in place.
    int8 : bool, default False
        Whether products are those of 8-bit weights and inputs.
    """

    def __init__(self, model: Seq2seq, *, int8: bool = False) -> None:
        self.network: kernels.Network | None = None
        if kernels.compiled(model.params[0]):
            self.network = compiled(model, int8=int8)
        elif int8:
            model = quantized(model)
        self.model = model

    def start(self, source: Ids, source_lengths: Ids, *, forbidden: Sequence[int] = ()) -> tuple[Step, DecoderState]:
        """Return the step function and the initial state of a search in NumPy; see `Seq2seq.start`."""
        return self.model.start(source, source_lengths, forbidden=forbidden)

    def memory_lengths(self, source: Ids, source_lengths: Ids) -> Ids:
        """Return (B,), the number of symbols that the decoder attends to; see `Seq2seq.memory_lengths`."""
        return self.model.memory_lengths(source, source_lengths)
