"""The measurements of a training run, read from `metrics.jsonl`."""

from __future__ import annotations

from pathlib import Path

import msgspec

__all__ = ["Measurement", "measurements"]


class Measurement(msgspec.Struct, frozen=True, tag="measured"):
    """The fields of a `Measured` event that the report uses."""

    epoch: float
    loss: float  # nats per symbol
    dev_accuracy: float  # %
    dev_ter: float  # %
    best: bool = False
    elapsed_s: float = 0.0
    measure: str = "exact"  # the score that selects the weights: exact, loss or chrF
    dev_loss: float | None = None  # nats per symbol; this and the following are measured for sentences only
    dev_bleu: float | None = None
    dev_chrf: float | None = None


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The following measurements belong to this member of an ensemble."""

    member: int


def measurements(path: Path) -> list[list[Measurement]]:
    """Return a list of measurements for each member; one list for a single model, none without a file.

    Other events and an incomplete last line are skipped.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    found: dict[int, list[Measurement]] = {}
    member = 1
    for line in lines:
        try:
            event = msgspec.json.decode(line, type=Measurement | Begun)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(event, Begun):
            member = event.member
        else:
            found.setdefault(member, []).append(event)
    return list(found.values())
