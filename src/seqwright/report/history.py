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
    measure: str = "exact"  # what the model that is kept was selected by: exact, loss or chrF
    dev_loss: float | None = None  # of sentences, as all that follows; nats a symbol
    dev_bleu: float | None = None
    dev_chrf: float | None = None


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The next measurements are those of this member of an ensemble."""

    member: int


def measurements(path: Path) -> list[list[Measurement]]:
    """Return the measurements of each member in order; one list for a single model, none without such a file.

    Lines of other events, and a last line that was cut off, are passed over.
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
