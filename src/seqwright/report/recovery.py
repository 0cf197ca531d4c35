"""Reading a model's data again for its report: the files for the data checks, and the dev set."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from seqwright import data_checks, provenance
from seqwright.bundle import Bundle
from seqwright.data import readers
from seqwright.errors import DataError

__all__ = ["Recovered", "recover"]

MOST_BYTES = 64_000_000  # total size of files to check: they are read into memory at the end of every training


class Recovered(NamedTuple):
    """The data that could be read again.

    splits: pairs for the data checks; the first n_training are those of the training files.   dev: the dev set.
    missing, dev_missing: the reasons why there are no splits and no dev set; "" if there are.
    """

    splits: list[data_checks.Split]
    n_training: int
    dev: list[readers.Pair]
    missing: str
    dev_missing: str


def recover(bundle: Bundle, directory: Path, *, needs_dev: bool = True) -> Recovered:
    """Read the files in the manifest of the model in `directory`.

    Files that are missing or have changed give no pairs, and large files are not checked.
    needs_dev: whether to read the dev set.
    """
    dev = provenance.dev_pairs(bundle, directory) if needs_dev else provenance.DevPairs([])
    splits, n_training, missing = list[data_checks.Split](), 0, ""
    try:
        splits, n_training = _splits(bundle, directory)
        if not splits:
            missing = f"the files are larger than {MOST_BYTES // 1_000_000} MB; seqwright check reads them"
    except (DataError, OSError) as error:
        missing = str(error)
    return Recovered(splits, n_training, dev.pairs, missing, dev.missing)


def _splits(bundle: Bundle, directory: Path) -> tuple[list[data_checks.Split], int]:
    """Return the pairs of training and dev files, and the number of training files; none if they are too large."""
    found = provenance.provenance(bundle.manifest)
    text = bundle.config.text
    files = provenance.locate(found.of("train", "dev"), directory)
    if sum(one.path.stat().st_size for one in files) > MOST_BYTES:
        return [], 0
    splits, n_training = list[data_checks.Split](), 0
    for role, columns in (("train", text.columns()), ("dev", text.later_columns())):
        inputs = provenance.inputs([one for one in files if one.record.role == role])
        splits += [data_checks.Split(one.name, list(one.pairs(columns))) for one in inputs]
        n_training += len(inputs) if role == "train" else 0
    return splits, n_training
