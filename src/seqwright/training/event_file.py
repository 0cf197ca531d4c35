"""Event files of TensorBoard, with one record per event; for writing only.

They are written without a library, as few lines suffice: TensorBoard depends on gRPC and a web server, and
`tensorboardX` passes events to a thread through a short queue, so that a full disk ends the thread and then blocks the
training; it also imports torch if that is installed.

A record has the format of TFRecord: length, checksum of the length, data, checksum of the data. The data is a protocol
buffer with the field numbers of TensorFlow's event.proto, summary.proto and tensor.proto.
"""

from __future__ import annotations

import itertools
import struct
import time
from collections.abc import Mapping
from pathlib import Path

__all__ = ["EventFile"]

DOUBLE, BYTES, FLOAT, VARINT = 1, 2, 5, 0  # wire types of a field
START = 1  # SessionLog.SessionStatus
STRING = 7  # DataType DT_STRING


class EventFile:
    """A new file in `folder`; each event is written to the file system at once.

    No file stays open, so none has to be closed.   OSError: it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads the files of a folder in the order of their names.
        seconds = int(time.time())
        names = (f"events.out.tfevents.{seconds:010}.{n:03}.seqwright" for n in itertools.count())
        self._path = next(path for name in names if not (path := folder / name).exists())
        self._write(0, _field(3, b"brain.Event:2"))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point at `step` to each curve."""
        summary = b"".join(
            _field(1, _field(1, tag.encode()) + _key(2, FLOAT) + struct.pack("<f", value))
            for tag, value in values.items()
        )
        self._write(step, _field(5, summary))

    def text(self, step: int, tag: str, markdown: str) -> None:
        """Add a text at `step`."""
        one = _field(2, _key(1, VARINT) + _varint(1))  # a shape of one dimension of size 1
        tensor = _key(1, VARINT) + _varint(STRING) + _field(2, one) + _field(8, markdown.encode())
        plugin = _field(1, _field(1, b"text"))
        self._write(step, _field(5, _field(1, _field(1, tag.encode()) + _field(9, plugin) + _field(8, tensor))))

    def restart(self, step: int) -> None:
        """Make TensorBoard discard the events of earlier files from `step` on, which will be written again."""
        self._write(step, _field(7, _key(1, VARINT) + _varint(START)))

    def _write(self, step: int, what: bytes) -> None:
        data = _key(1, DOUBLE) + struct.pack("<d", time.time()) + _key(2, VARINT) + _varint(step) + what
        length = struct.pack("<Q", len(data))
        record = length + struct.pack("<I", _checksum(length)) + data + struct.pack("<I", _checksum(data))
        with self._path.open("ab") as stream:
            stream.write(record)


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _field(number: int, value: bytes) -> bytes:
    """Return a field with a string or a message."""
    return _key(number, BYTES) + _varint(len(value)) + value


def _varint(n: int) -> bytes:
    """Return a non-negative integer in groups of seven bits, the lowest first."""
    low, high = n & 0x7F, n >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])


def _crc_table() -> list[int]:
    table = list(range(256))
    for _ in range(8):
        table = [n >> 1 ^ (0x82F63B78 if n & 1 else 0) for n in table]
    return table


CRC_TABLE = _crc_table()  # CRC-32C (RFC 3720, appendix B.4), which zlib lacks


def _checksum(data: bytes) -> int:
    """Return the CRC-32C, rotated and shifted as TFRecord masks it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
