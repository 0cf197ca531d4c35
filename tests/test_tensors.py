"""The parts of a safetensors file against the library's own writer."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import safetensors.numpy

from seqwright import tensors

ARRAYS: list[dict[str, npt.NDArray[Any]]] = [
    {},
    {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(3, np.float32)},
    {"codes": np.arange(5, dtype=np.int8), "scales": np.ones((1, 2), np.float32), "sum": np.ones(2)},
    {"empty": np.empty((0, 4), np.float32), "scalar": np.float32(3).reshape(()), 'Wörter "\n': np.ones(1, np.float32)},
    {"columns": np.arange(12, dtype=np.float32).reshape(3, 4)[:, 1:3]},
]


@pytest.mark.parametrize("arrays", ARRAYS, ids=lambda arrays: "-".join(arrays) or "none")
@pytest.mark.parametrize("metadata", [None, {"stamp": '0f "ü'}])
def test_the_parts_of_a_file_are_the_bytes_that_the_library_writes(
    arrays: dict[str, npt.NDArray[Any]], metadata: dict[str, str] | None
) -> None:
    whole = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    assert b"".join(tensors.parts(arrays, metadata)) == safetensors.numpy.save(whole, metadata)


def test_the_parts_of_a_file_are_views_of_the_arrays() -> None:
    array = np.zeros(100, np.float32)
    [_, _, view] = tensors.parts({"array": array})
    array[:] = 1
    assert bytes(view) == array.tobytes()
