"""Shape letters and array aliases, used in annotations and docstrings throughout.

T  steps of a sequence      B  sequences in a batch     D  inputs of a layer       H  units
V  symbols of a vocabulary  S  steps of a source        M  width of the memory     K  hypotheses a source (beam)

Inside the package time is the first axis: (T, B, H).  `dx` is dL/dx.  A trailing `_` writes in place.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Ids", "Shape"]

Array = npt.NDArray[np.floating[Any]]  # float32 to work, float64 to check
Ids = npt.NDArray[np.int32]  # symbol ids and lengths
Shape = tuple[int, ...]
