"""The transfer set: the answers of a teacher as training pairs, written in parts into the directory of the student.

    distilled/origin.json    the teacher, the data and the options; answers of another origin are not mixed in
    distilled/dev.jsonl      the dev pairs, with the targets of the data
    distilled/00000.jsonl …  the answers to PART sources each; an existing part is complete and is not computed again

All pairs are held in memory.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from seqwright import evaluation, file_set, provenance
from seqwright.data import holdout, readers
from seqwright.errors import DataError, UsageError
from seqwright.inference import Hypothesis, Options
from seqwright.inference.translator import Translator
from seqwright.training.output import writing

__all__ = ["Answering", "Sources", "TransferSet", "allocate", "read", "write"]

PART = 2048  # sources, which are answered again after an interruption
CHUNK = 256  # sources answered together
OWN = re.compile(r"[0-9]{5}\.jsonl|dev\.jsonl|origin\.json")  # the files of `write`


class Answering(msgspec.Struct, frozen=True):
    """Event: the teacher has answered some of the sources.

    Attributes
    ----------
    n_answered : int
        Sources answered so far, including those of an interrupted call.
    n_sources : int
        All sources.
    elapsed_s : float
        Seconds since this call began to answer.
    """

    n_answered: int
    n_sources: int
    elapsed_s: float


class Sources(NamedTuple):
    """The sources for the teacher, and the dev pairs of the student.

    sources: distinct (source, features), none of them in the dev pairs.   files: all files that were read.
    seen: the teacher was trained on the dev sources, or may have been, so it is not evaluated on them.
    """

    sources: list[tuple[str, str]]
    dev: list[readers.Pair]
    files: list[provenance.FileRecord]
    seen: bool

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of each file by name."""
        return {file.name: file.sha256 for file in self.files}


class TransferSet(NamedTuple):
    """The files with the training pairs and the dev pairs of the student."""

    parts: list[Path]
    dev: Path


def read(
    teacher: Translator,
    directory: Path,
    pairs: readers.Paths,
    dev: readers.Paths | None,
    sources: str | Path | None,
    *,
    reading: readers.Columns = readers.STANDARD,
) -> Sources:
    """Read the data with the columns and tokens of the teacher.

    Without dev, the same sources are held out as in a training of the teacher on these pairs. Training sources of the
    teacher in `directory` are left out of the dev pairs, unless there are no others.
    sources: a file of further sources, one per line, with their features after a tab if the teacher has features.
    DataError: see `data.readers`; or every source is a dev source.
    """
    text, split = teacher.bundle.config.text, teacher.bundle.config.training
    columns = evaluation.columns(teacher, reading)
    files: list[provenance.FileRecord] = []

    def all_pairs(paths: readers.Paths) -> Iterator[readers.Pair]:
        for one in readers.inputs(paths):
            yield from (pair for pair in one.pairs(columns) if pair.source or pair.target)
            files.extend(provenance.file_records([one], "distillation source", one.hashes))

    training = list(all_pairs(pairs))
    if dev is None:
        training, measured = holdout.split(training, fraction=split.dev_share, seed=split.dev_seed)
    else:
        measured = list(all_pairs(dev))
    distinct = dict.fromkeys((pair.source, pair.features) for pair in training)
    if sources is not None:
        files.append(provenance.file_of_sources(sources))
        distinct |= dict.fromkeys(readers.read_sources(sources, has_features=bool(text.features_column)))
    held_out = {pair.source for pair in measured}
    measured, seen = _unseen(teacher, directory, measured)
    kept = [one for one in distinct if one[0] not in held_out]
    if not kept:
        raise DataError("every source is in the dev pairs; no source is left to train the student on")
    return Sources(kept, measured, files, seen)


def _unseen(teacher: Translator, directory: Path, dev: list[readers.Pair]) -> tuple[list[readers.Pair], bool]:
    """Return the dev pairs that the teacher was not trained on and False, or all and True if there are none."""
    bundle = teacher.bundle
    limit = bundle.config.training.max_batch_tokens
    reading = provenance.Reading(evaluation.columns(teacher), bundle.source, bundle.target, limit)
    try:
        seen = provenance.seen_in_training(bundle, directory, set(map(reading.tokens, dev)))
    except DataError:  # the data of the teacher is not available
        return dev, True
    unseen = [pair for pair in dev if reading.tokens(pair) not in seen]
    return (unseen, False) if unseen else (dev, True)


def write(
    folder: Path,
    teacher: Translator,
    sources: Sources,
    *,
    origin: Mapping[str, Any],
    n_best: int,
    replace: bool,
    listen: Callable[[Answering], None],
) -> TransferSet:
    """Answer the sources that have no answer yet, and return the files.

    Each source gives n_best pairs, allocated to the n_best hypotheses in proportion to their probabilities. A source is
    left out if its answer has a flag, such as an unknown symbol or a truncated answer.
    origin: all that determines the answers.   replace: remove existing answers of another origin.
    UsageError: there are such answers, and replace is false.   DataError: every answer has a flag.
    OutputError: the folder cannot be written.
    """
    began = time.monotonic()
    names = teacher.bundle.config.text
    keys = names.source_key, names.target_key, names.features_key
    with writing(folder):
        _claim(folder, origin, replace=replace)
        measured = (_line(keys, pair.source, pair.target, pair.features) for pair in sources.dev)
        file_set.write(folder / "dev.jsonl", b"".join(measured))
        parts = []
        for number, first in enumerate(range(0, len(sources.sources), PART)):
            part = folder / f"{number:05}.jsonl"
            listen(Answering(first, len(sources.sources), time.monotonic() - began))
            if not part.exists():
                lines: list[bytes] = []
                for chunk in range(first, min(first + PART, len(sources.sources)), CHUNK):
                    chunk_sources = sources.sources[chunk : min(chunk + CHUNK, first + PART)]
                    lines += [_line(keys, *row) for row in _answered(teacher, chunk_sources, n_best)]
                    listen(Answering(chunk + len(chunk_sources), len(sources.sources), time.monotonic() - began))
                file_set.write(part, b"".join(lines))
            if part.stat().st_size:
                parts.append(part)
    if not parts:
        raise DataError("every answer of the teacher has a flag; is it a model for these data?")
    return TransferSet(parts, folder / "dev.jsonl")


def allocate(log_probs: Sequence[float], n: int) -> list[int]:
    """Return how many of n pairs each hypothesis gets, in proportion to probability, by largest remainders."""
    p = np.exp(np.asarray(log_probs) - max(log_probs))
    quotas = n * p / p.sum()
    counts = np.floor(quotas + 1e-9).astype(int)  # a quota of 2 may be 1.9999… after rounding
    for i in np.argsort(counts - quotas, kind="stable")[: n - counts.sum()]:
        counts[i] += 1
    return [int(count) for count in counts]


def _answered(teacher: Translator, sources: Sequence[tuple[str, str]], n_best: int) -> Iterator[tuple[str, str, str]]:
    """Yield (source, target, features) of each training pair."""
    options = Options(n_best=n_best)
    answers = teacher.answer([s for s, _ in sources], features=[f for _, f in sources], options=options)
    for (source, features), answer in zip(sources, answers, strict=True):
        if not answer.flags:
            for hypothesis, n in _allocated(answer.hypotheses, n_best):
                yield from [(source, hypothesis.text, features)] * n


def _allocated(hypotheses: Sequence[Hypothesis], n: int) -> Iterable[tuple[Hypothesis, int]]:
    return zip(hypotheses, allocate([sum(h.log_probs) for h in hypotheses], n), strict=True)


def _claim(folder: Path, origin: Mapping[str, Any], *, replace: bool) -> None:
    """Record the origin of the answers in the folder."""
    record = folder / "origin.json"
    wanted = msgspec.json.format(msgspec.json.encode(origin)) + b"\n"
    if record.is_file() and record.read_bytes() == wanted:
        return
    if own := [file for file in folder.glob("*.json*") if OWN.fullmatch(file.name)]:
        if not replace:
            raise UsageError(
                f"{folder.parent} has a training on other answers (of another teacher, to other data or with another "
                f"--n-best); run the same command again, give --overwrite to start from the beginning, or choose "
                f"another --output"
            )
        for file in own:
            file.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    file_set.write(record, wanted)


def _line(keys: tuple[str, str, str], source: str, target: str, features: str) -> bytes:
    row = dict(zip(keys, (source, target, features), strict=True))
    return msgspec.json.encode(row if features else {key: row[key] for key in keys[:2]}) + b"\n"
