"""The provenance of a model: its files by role, and the dev pairs that training measured on, found again.

Every figure that is shown after a training is measured on what `dev_pairs` returns, which is verified, or not shown.
"""

from seqwright.provenance.dev_pairs import (
    DevPairs,
    Seen,
    count_seen,
    dev_pairs,
    pairs_to_evaluate,
    provenance,
    seen_in_training,
    shared_dev,
    shared_dev_pairs,
    training_pairs,
)
from seqwright.provenance.files import Located, file_of_sources, file_records, inputs, locate, moved, named
from seqwright.provenance.measured import Reading, dev_of_files, measured, pairs_sha256, sources_sha256
from seqwright.provenance.records import DevRecord, FileRecord, Provenance, RawPath, Role

__all__ = [
    "DevPairs",
    "DevRecord",
    "FileRecord",
    "Located",
    "Provenance",
    "RawPath",
    "Reading",
    "Role",
    "Seen",
    "count_seen",
    "dev_of_files",
    "dev_pairs",
    "file_of_sources",
    "file_records",
    "inputs",
    "locate",
    "measured",
    "moved",
    "named",
    "pairs_sha256",
    "pairs_to_evaluate",
    "provenance",
    "seen_in_training",
    "shared_dev",
    "shared_dev_pairs",
    "sources_sha256",
    "training_pairs",
]
