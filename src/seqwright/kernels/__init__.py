"""The arithmetic, one function a layer and direction over whole sequences.

`kernels.lstm_forward` and its like are the functions to call. They run in the compiled twin where it is built and the
arrays are float32, and in NumPy (`kernels.reference`) otherwise. The choice is made once, at import:
`SEQWRIGHT_KERNELS=reference` forces NumPy; `kernels.description()` says in words what runs.
"""

from seqwright.kernels import reference
from seqwright.kernels.reference import *  # noqa: F403

__all__ = [*reference.__all__, "description"]


def description() -> str:
    """Say which kernels run, for `seqwright --version` and the first line of a training."""
    return "NumPy reference kernels"
