"""The pairs that a model was trained and measured on, found again through its manifest."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from seqwright import evaluation
from seqwright.data import holdout, readers
from seqwright.errors import DataError
from seqwright.inspection import Split
from seqwright.translator import Translator

__all__ = ["Recovered", "recover"]

MOST_BYTES = 64_000_000  # of files that are inspected: they are held in memory, and a report is no reason to wait


class Recovered(NamedTuple):
    """What could be found.

    splits: the files as they are, training first, for an inspection.   dev: the pairs that training measured on.
    missing: why something is not there, for a reader; "" where all is.
    """

    splits: list[Split]
    dev: list[readers.Pair]
    missing: str


def recover(model: Translator) -> Recovered:
    """Read the files that the manifest names, and hold the dev pairs out again where training held them out.

    A file that is gone, or no longer what it was, gives no pairs; large ones give dev pairs only.
    """
    manifest = model.bundle.manifest
    hashes = manifest.get("data") or {}
    if not hashes:
        return Recovered([], [], "they came from standard input, which cannot be read again")
    try:
        for name, digest in hashes.items():
            if readers.sha256(Path(name)) != digest:
                return Recovered([], [], f"{name} has changed since")
        return _read(model, list(hashes), str(manifest.get("dev", "")))
    except DataError as error:
        return Recovered([], [], str(error))


def _read(model: Translator, names: list[str], origin: str) -> Recovered:
    training = model.bundle.config.training
    columns = evaluation.columns(model)
    small = sum(Path(name).stat().st_size for name in names) <= MOST_BYTES
    held_out = holdout.HoldOut(fraction=training.dev_share, seed=training.seed)
    splits, dev = [], []
    for name in sorted(names, key=lambda name: name == origin):  # what was trained on first
        kept = []
        for pair in readers.inputs(name)[0].pairs(columns):
            if small:
                kept.append(pair)
            if not pair.source and not pair.target:
                continue
            if name == origin:
                dev.append(pair)
            elif origin not in names:
                held_out.see(pair)
        splits.append(Split(name, kept))
    if origin not in names:
        dev = [pair for _, pair in held_out.dev()]
    if small:
        return Recovered(splits, dev, "")
    return Recovered([], dev, f"the files are larger than {MOST_BYTES // 1_000_000} MB; seqwright check reads them")
