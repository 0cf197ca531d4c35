"""Kernels in NumPy, for float32 and float64: the specification that compiled kernels are tested against.

Outputs, caches and gradients are allocated by the caller. Backward functions add to the gradients of parameters and
overwrite other outputs. Arrays are C-contiguous unless documented as columns of a wider array.
"""

from seqwright.kernels.reference.additive_attention import additive_attention_backward, additive_attention_forward
from seqwright.kernels.reference.affine import (
    affine_backward,
    affine_forward,
    tied_affine_backward,
    tied_affine_forward,
)
from seqwright.kernels.reference.attention import attention_backward, attention_forward
from seqwright.kernels.reference.constraint import Automaton
from seqwright.kernels.reference.copying import (
    copy_cross_entropy_backward,
    copy_cross_entropy_forward,
    copy_log_probs,
)
from seqwright.kernels.reference.cross_entropy import cross_entropy_backward, cross_entropy_forward
from seqwright.kernels.reference.embedding import embedding_backward, embedding_forward
from seqwright.kernels.reference.lstm import bilstm_backward, bilstm_forward, lstm_backward, lstm_forward
from seqwright.kernels.reference.optimize import adam_update, squared_norm
from seqwright.kernels.reference.pointwise import clear, dropout, tanh_backward, tanh_forward

__all__ = [
    "Automaton",
    "adam_update",
    "additive_attention_backward",
    "additive_attention_forward",
    "affine_backward",
    "affine_forward",
    "attention_backward",
    "attention_forward",
    "bilstm_backward",
    "bilstm_forward",
    "clear",
    "copy_cross_entropy_backward",
    "copy_cross_entropy_forward",
    "copy_log_probs",
    "cross_entropy_backward",
    "cross_entropy_forward",
    "dropout",
    "embedding_backward",
    "embedding_forward",
    "lstm_backward",
    "lstm_forward",
    "squared_norm",
    "tanh_backward",
    "tanh_forward",
    "tied_affine_backward",
    "tied_affine_forward",
]
