"""The precisions of an export."""

from enum import StrEnum

__all__ = ["Precision"]


class Precision(StrEnum):
    """How weights are stored, and how products are computed.

    FLOAT16: stored in 16 bits, computed in 32.   INT8: 8-bit weights and inputs; see `kernels.reference.quantized`.
    """

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"
