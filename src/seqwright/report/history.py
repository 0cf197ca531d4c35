"""The measurements of a training, from `metrics.jsonl`."""

from __future__ import annotations

from pathlib import Path

import msgspec

__all__ = ["Measurement", "measurements"]


class Measurement(msgspec.Struct, frozen=True, tag="measured"):
    """The fields of a `Measured` event that are drawn."""

    epoch: float
    loss: float  # nats a symbol
    dev_accuracy: float  # %
    dev_ter: float  # %
    best: bool = False
    elapsed_s: float = 0.0


def measurements(path: Path) -> list[Measurement]:
    """Return the measurements in order; none where there is no such file.

    Lines of other events, and a last line that was cut off, are passed over.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=Measurement))
        except msgspec.MsgspecError:
            continue
    return found
