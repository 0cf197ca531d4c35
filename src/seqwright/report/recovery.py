"""The pairs that a model was trained and measured on, found again through its manifest.

Two parallel files are not put together again: the manifest names each by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from seqwright import evaluation, inspection
from seqwright.bundle import Bundle
from seqwright.data import holdout, readers
from seqwright.errors import DataError
from seqwright.translator import Translator

__all__ = ["Recovered", "recover", "to_measure_on"]

MOST_BYTES = 64_000_000  # of files that are inspected: they are held in memory, and a report is no reason to wait


class Recovered(NamedTuple):
    """What could be found.

    splits: the files as they are, training first, for an inspection.   dev: the pairs that training measured on.
    missing: why something is not there, for a reader; "" where all is.
    """

    splits: list[inspection.Split]
    dev: list[readers.Pair]
    missing: str


def recover(bundle: Bundle, *, needs_dev: bool = True) -> Recovered:
    """Read the files that the manifest names, and hold the dev pairs out again where training held them out.

    A file that is gone, or no longer what it was, gives no pairs. Large files are not inspected, and read only where
    needs_dev says that nobody has the dev pairs.
    """
    hashes = bundle.manifest.get("data") or {}
    if not hashes:
        return Recovered([], [], "they came from standard input, which cannot be read again")
    try:
        small = sum(Path(name).stat().st_size for name in hashes) <= MOST_BYTES
        large = "" if small else f"the files are larger than {MOST_BYTES // 1_000_000} MB; seqwright check reads them"
        if not small and not needs_dev:
            return Recovered([], [], large)
        for name, digest in hashes.items():
            if readers.sha256(Path(name)) != digest:
                return Recovered([], [], f"{name} has changed since")
        found = _read(bundle, list(hashes), keep_all=small)
    except OSError as error:
        return Recovered([], [], f"{error.filename}: {error.strerror}")
    except DataError as error:
        return Recovered([], [], str(error))
    return found._replace(missing=large)


def to_measure_on(model: Translator, data: readers.Paths | None) -> tuple[list[readers.Pair], str]:
    """Return the pairs of the files `data` or, without them, those that training measured on; where none are, why."""
    if data is not None:
        return list(readers.read_pairs(data, columns=evaluation.columns(model))), ""
    found = recover(model.bundle)
    return found.dev, "" if found.dev else found.missing or "no pairs were held out"


def _read(bundle: Bundle, names: list[str], *, keep_all: bool) -> Recovered:
    training = bundle.config.training
    columns, reader = inspection.reading(bundle.config.text)
    held_out = holdout.HoldOut(fraction=training.dev_share, seed=training.dev_seed)
    for_dev = set(str(bundle.manifest.get("dev", "")).split(", "))  # none of the names where pairs were held out
    splits, dev = [], []
    for name in sorted(names, key=for_dev.__contains__):  # what was trained on first
        kept = []
        for pair in readers.Input(name, reader).pairs(columns):
            if keep_all:
                kept.append(pair)
            if pair.source or pair.target:
                if name in for_dev:
                    dev.append(pair)
                elif for_dev.isdisjoint(names):
                    held_out.see(pair)
        if keep_all:
            splits.append(inspection.Split(name, kept))
    if for_dev.isdisjoint(names):
        dev = [pair for _, pair in held_out.dev()]
    return Recovered(splits, dev, "")
