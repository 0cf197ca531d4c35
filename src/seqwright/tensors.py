"""Safetensors files without copies of arrays: of a file that is open already, and the parts of one to write.

The library's own reader opens a path, so it may meet another file than the one that was checked, and copies each array;
its writer returns the whole file as one string of bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

__all__ = ["Tensors", "parts", "read"]

MOST_HEADER = 100_000_000  # bytes, as the library allows
DTYPES = {"float64": "F64", "float32": "F32", "int8": "I8"}


class Tensors(NamedTuple):
    """What a file holds.

    arrays: read-only views of `data` (n,) bytes.   header: the description of the arrays, as the file has it.
    """

    arrays: dict[str, npt.NDArray[Any]]
    metadata: dict[str, str]
    header: dict[str, Any]
    data: npt.NDArray[np.uint8]

    def without_metadata(self) -> Iterator[bytes | memoryview]:
        """Yield the parts of the file that `safetensors.numpy.save` makes of the arrays alone."""
        header = msgspec.json.encode({name: value for name, value in self.header.items() if name != "__metadata__"})
        header += b" " * (-len(header) % 8)
        yield len(header).to_bytes(8, "little")
        yield header
        yield self.data.data


class _Tensor(msgspec.Struct, forbid_unknown_fields=True):
    dtype: Literal["F32", "I8"]
    shape: list[int]
    data_offsets: tuple[int, int]


def parts(
    arrays: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str] | None = None
) -> list[bytes | memoryview]:
    """Return the file that `safetensors.numpy.save` makes, in parts: header, and views of the arrays.

    The keys of the metadata keep their order, which the library draws at random.
    """
    # In the library's order: wide types first, so that each array is aligned.
    ordered = sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0]))
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": dict(metadata)}
    end = 0
    for name, array in ordered:
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": DTYPES[array.dtype.name], "shape": array.shape, "data_offsets": (begin, end)}
    encoded = msgspec.json.encode(header)
    encoded += b" " * (-len(encoded) % 8)
    views = [np.ascontiguousarray(array).reshape(-1).view(np.uint8).data for _, array in ordered]
    return [len(encoded).to_bytes(8, "little"), encoded, *views]


def read(stream: BinaryIO) -> Tensors:
    """Return what an open file holds.   ValueError: it is none, or cut short."""
    size = stream.seek(0, 2)
    stream.seek(0)
    n_header = int.from_bytes(stream.read(8), "little")
    if size < 8 or n_header > min(size - 8, MOST_HEADER):
        raise ValueError("no header")
    try:
        header = msgspec.json.decode(stream.read(n_header), type=dict[str, Any])
        metadata = msgspec.convert(header.get("__metadata__", {}), dict[str, str])
        described = {name: value for name, value in header.items() if name != "__metadata__"}
        tensors = msgspec.convert(described, dict[str, _Tensor])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"header: {error}") from None
    _check(tensors, size - 8 - n_header)
    data = np.empty(size - 8 - n_header, np.uint8)
    if stream.readinto(data) != len(data):  # type: ignore[attr-defined]  # every buffered stream has it
        raise ValueError("cut short")
    data.setflags(write=False)
    arrays = {
        name: data[slice(*one.data_offsets)].view(_dtype(one)).reshape(one.shape) for name, one in tensors.items()
    }
    return Tensors(arrays, metadata, header, data)


def _check(tensors: dict[str, _Tensor], n_bytes: int) -> None:
    """Raise ValueError unless the arrays fill the bytes, one after the other."""
    end = 0
    for name, one in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        size = math.prod(one.shape) * _dtype(one).itemsize
        aligned = end % _dtype(one).itemsize == 0
        if min(one.shape, default=0) < 0 or one.data_offsets != (end, end + size) or not aligned:
            raise ValueError(f"{name} of shape {one.shape} cannot be at bytes {one.data_offsets}")
        end += size
    if end != n_bytes:
        raise ValueError(f"{n_bytes:,} bytes of arrays, expected {end:,}")


def _dtype(tensor: _Tensor) -> np.dtype[Any]:
    return np.dtype("<f4" if tensor.dtype == "F32" else np.int8)
