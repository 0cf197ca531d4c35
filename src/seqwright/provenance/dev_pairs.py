"""`dev_pairs`: exactly the pairs that a training measured on, or the reason why they cannot be had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from seqwright.bundle import Bundle
from seqwright.data import holdout, readers, text
from seqwright.errors import DataError
from seqwright.provenance import earlier, files
from seqwright.provenance.measured import Reading, dev_of_files, measured, pairs_sha256, sources_sha256
from seqwright.provenance.records import DevRecord, Provenance, Role

__all__ = [
    "DevPairs",
    "Seen",
    "count_seen",
    "dev_pairs",
    "pairs_to_evaluate",
    "provenance",
    "seen_in_training",
    "shared_dev",
    "shared_dev_pairs",
    "training_pairs",
]

Tokens = tuple[str, ...]
MOST_BYTES = 16_000_000  # of training files that are read again to count seen sources: a few seconds


class DevPairs(NamedTuple):
    """The dev pairs of a training; without any, why they are missing."""

    pairs: list[readers.Pair]
    missing: str = ""


def provenance(manifest: Mapping[str, Any]) -> Provenance:
    """Return what the manifest of a model records; of a manifest of an earlier version, as far as it is certain.

    DataError: it is damaged, or does not say which files have which role.
    """
    if "provenance" not in manifest:
        if "joined" in manifest:
            raise DataError("the models that were joined have no common record of their training files")
        return earlier.provenance(manifest)
    try:
        return msgspec.convert(msgspec.to_builtins(manifest["provenance"]), Provenance)
    except msgspec.ValidationError as error:
        raise DataError(f"manifest.json: the provenance is damaged ({error})") from None


def dev_pairs(bundle: Bundle, directory: Path) -> DevPairs:
    """Return the pairs that the training of the model in `directory` measured on, verified by their hashes.

    Reads the files again that the manifest names. For a manifest of an earlier version, which has no such hashes, the
    content of each file and the numbers of pairs and sources must agree.
    """
    try:
        found = provenance(bundle.manifest)
        if found.dev.status != "unseen":
            if found.dev.status == "seen" and "joined" in bundle.manifest:
                return DevPairs([], JOINED)
            is_whole = found.dev.status == "seen" and "cross_validation" in bundle.manifest
            return DevPairs([], CROSS_VALIDATED if is_whole else WHY[found.dev.status])
        pairs = _Training(found, bundle, directory).measured()
        if found.dev.sources_sha256:
            _verify(found.dev, pairs)
        return DevPairs(pairs)
    except (DataError, OSError) as error:
        return DevPairs([], str(error))


def shared_dev_pairs(bundles: Sequence[Bundle], directories: Sequence[Path]) -> DevPairs:
    """Return the pairs that the trainings of several models measured on, so that none of the models has seen them."""
    try:
        records = [provenance(one.manifest).dev for one in bundles]
    except DataError as error:
        return DevPairs([], str(error))
    hashes = {record.pairs_sha256 for record in records}
    if all(hashes) and len(hashes) > 1:
        return DevPairs([], DIFFERENT)
    # Equal hashes are of equal pairs, which need not be read for each model.
    n_read = 1 if all(hashes) and all(record.status == "unseen" for record in records) else len(bundles)
    found = [dev_pairs(one, place) for one, place in zip(bundles[:n_read], directories[:n_read], strict=True)]
    for one in found:
        if one.missing or one.pairs != found[0].pairs:
            return DevPairs([], one.missing or DIFFERENT)
    return found[0]


def shared_dev(records: Sequence[DevRecord]) -> DevRecord:
    """Return the record of several models that answer together.

    Where they differ, the dev sources of one model may be training sources of another: then all sources of the training
    files count as seen.
    """
    first = records[0]
    if all(record == first for record in records):
        return first
    status: Literal["seen", "unknown"] = "unknown" if any(one.status == "unknown" for one in records) else "seen"
    most = max(record.max_tokens for record in records)
    return DevRecord(
        origin="files", max_tokens=most, limit=first.limit, status=status, n_sources=0, n_pairs=0, sources_sha256="",
        pairs_sha256="",
    )  # fmt: skip


JOINED = "the networks were trained on all pairs together"
DIFFERENT = "they were not measured on the same pairs"
CROSS_VALIDATED = "it was trained on all its pairs (`seqwright inspect` prints its accuracy in cross-validation)"
WHY = {
    "seen": "every dev source is also a training source",
    "unknown": "the training pairs of the model it was fine-tuned from could not be read, and may have dev sources",
}


def pairs_to_evaluate(
    bundle: Bundle, directory: Path, data: readers.Paths | None, columns: readers.Columns
) -> DevPairs:
    """Return the pairs of the files `data`; of None, those that training measured on."""
    return dev_pairs(bundle, directory) if data is None else DevPairs(readers.read_pairs(data, columns=columns))


def seen_in_training(bundle: Bundle, directory: Path, tokens: set[Tokens]) -> set[Tokens]:
    """Return which sources, as tokens, the model in `directory` was trained on, or the one that it started from.

    DataError: its training pairs cannot be read.
    """
    found = provenance(bundle.manifest)
    if found.dev.status == "unknown":
        raise DataError(WHY["unknown"])
    return _Training(found, bundle, directory).seen(tokens)


def training_pairs(bundle: Bundle, directory: Path) -> list[readers.Pair]:
    """Return the pairs of the training files of the model in `directory`, if it was trained on all of them.

    None where some were held out, or the files cannot be read, or have more than `MOST_BYTES`.
    """
    try:
        found = provenance(bundle.manifest)
        if found.dev.status != "seen" or _size(found) > MOST_BYTES:
            return []
        return _Training(found, bundle, directory).given()
    except (DataError, OSError):
        return []


class Seen(NamedTuple):
    """How many of some sources a model was trained on; n is None where that cannot be determined, with the reason."""

    n: int | None
    missing: str = ""


def count_seen(bundle: Bundle, directory: Path, sources: Iterable[tuple[str, str]]) -> Seen:
    """Return how many of the sources, with their features, the model in `directory` was trained on.

    Reads the training files again, which are verified by their hashes, unless they have more than `MOST_BYTES`.
    """
    tokens = [tuple(text.source_tokens(*one, bundle.source)) for one in sources]
    try:
        n_bytes = _size(provenance(bundle.manifest))
        if n_bytes > MOST_BYTES:
            return Seen(None, f"the training files have {n_bytes / 1e6:,.0f} MB, more than {MOST_BYTES / 1e6:.0f} MB")
        seen = seen_in_training(bundle, directory, set(tokens))
    except (DataError, OSError) as error:
        return Seen(None, str(error))
    return Seen(sum(one in seen for one in tokens))


def _size(found: Provenance) -> int:
    """Return the bytes of all training files, those of the model that it started from among them."""
    return sum(file.size or 0 for file in found.of("train")) + (_size(found.base) if found.base else 0)


def _verify(record: DevRecord, pairs: Sequence[readers.Pair]) -> None:
    if sources_sha256(pairs) != record.sources_sha256:
        raise DataError("this version of seqwright finds other dev sources in the files than the training did")
    if pairs_sha256(pairs) != record.pairs_sha256:
        raise DataError("this version of seqwright reads other targets of the dev sources than the training did")


class _Training:
    """The data of a training, read again."""

    def __init__(self, found: Provenance, bundle: Bundle, directory: Path) -> None:
        self._found, self._bundle, self._directory = found, bundle, directory
        columns = bundle.config.text.columns()
        self._reading = Reading(columns, bundle.source, bundle.target, found.dev.max_tokens)

    def measured(self) -> list[readers.Pair]:
        """Return the pairs that were measured on."""
        record, is_earlier = self._found.dev, not self._found.dev.sources_sha256
        dev = self._held_out() if record.origin == "held out" else self._of_files()
        if is_earlier:
            n_held_out = len(dev) if record.origin == "held out" else 0
            n_trained = sum(1 for _ in self._pairs("train")) - n_held_out
            earlier.check(self._bundle.manifest, n_trained, measured(dev, record.limit))
        if record.n_seen or is_earlier:
            seen = self.seen(set(map(self._reading.tokens, dev)))
            dev = [pair for pair in dev if self._reading.tokens(pair) not in seen]
        return measured(dev, record.limit)

    def given(self) -> list[readers.Pair]:
        """Return the pairs of the training files."""
        return [pair for pair in self._pairs("train") if self._is_usual(pair)]

    def seen(self, tokens: set[Tokens]) -> set[Tokens]:
        """Return which of the sources were trained on, here or before."""
        there = ((pair.source, self._reading.tokens(pair)) for pair in self._pairs("train") if self._is_usual(pair))
        hits = {one for one in there if one[1] in tokens}
        if hits and self._found.dev.origin == "held out":
            held_out = {pair.source for pair in self._held_out()}
            hits = {one for one in hits if one[0] not in held_out}
        found = {one for _, one in hits}
        if self._found.base is not None:
            found |= _Training(self._found.base, self._bundle, self._directory).seen(tokens)
        return found

    def _held_out(self) -> list[readers.Pair]:
        record = self._found.dev
        assert record.share is not None and record.seed is not None and record.at_most is not None, "held out by them"
        held_out = holdout.HoldOut(fraction=record.share, seed=record.seed, fold=record.fold, at_most=record.at_most)
        for pair in self._pairs("train"):
            held_out.see(pair)
        return [pair for _, pair in held_out.dev() if self._is_usual(pair)]

    def _is_usual(self, pair: readers.Pair) -> bool:
        """Return whether a pair is no outlier, which was neither trained nor measured on."""
        longest = self._found.dev.longest
        return not longest or not self._reading._replace(max_tokens=longest).excess(pair)

    def _of_files(self) -> list[readers.Pair]:
        columns = self._bundle.config.text.later_columns()  # dev files are read as the training files were
        return dev_of_files(self._inputs("dev"), self._reading._replace(columns=columns))[0]

    def _pairs(self, role: Role) -> Iterator[readers.Pair]:
        return self._reading.pairs(self._inputs(role))

    def _inputs(self, role: Role) -> list[readers.Input]:
        return files.inputs(files.locate(self._found.of(role), self._directory))
