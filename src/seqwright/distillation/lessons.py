"""A teacher's answers as pairs to learn from, written in parts into the student's directory.

    distilled/origin.json    whose answers to what they are, so that no others are mixed in
    distilled/dev.jsonl      the pairs to measure on, with the targets of the data
    distilled/00000.jsonl …  the answers to PART sources each; a part that is there is whole, and is not made again

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

__all__ = ["Answering", "Given", "Lessons", "copies", "give", "read"]

PART = 2048  # sources: what an interruption costs
CHUNK = 256  # sources answered together
OWN = re.compile(r"[0-9]{5}\.jsonl|dev\.jsonl|origin\.json")  # what `give` writes into its folder


class Answering(msgspec.Struct, frozen=True):
    """The teacher is at work."""

    n_answered: int  # those of an earlier run with them
    n_sources: int
    elapsed_s: float


class Given(NamedTuple):
    """The sources that the teacher answers, and the pairs that the student is measured on.

    sources: distinct (source, features), none of them among the dev pairs.   files: what was read.
    seen: whether the teacher has been trained on the dev sources, or may have been: then it has no figures.
    """

    sources: list[tuple[str, str]]
    dev: list[readers.Pair]
    files: list[provenance.FileRecord]
    seen: bool

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of each file by name."""
        return {file.name: file.sha256 for file in self.files}


class Lessons(NamedTuple):
    """Files to train a student on and to measure it on."""

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
) -> Given:
    """Read the data as it was read for the teacher.

    Without dev, the sources are held out that the teacher held out when it was trained on the same pairs. Those that
    the teacher in `directory` was trained on are left out of the dev pairs, unless there are no others.
    sources: a file of further sources, a line each, with their features after a tab where the teacher has features.
    DataError: see `data.readers`; nothing is left to ask.
    """
    text, training = teacher.bundle.config.text, teacher.bundle.config.training
    columns = evaluation.columns(teacher, reading)
    files: list[provenance.FileRecord] = []

    def all_pairs(paths: readers.Paths) -> Iterator[readers.Pair]:
        for one in readers.inputs(paths):
            yield from (pair for pair in one.pairs(columns) if pair.source or pair.target)
            files.extend(provenance.file_records([one], "distillation source", one.hashes))

    learned = list(all_pairs(pairs))
    if dev is None:
        learned, measured = holdout.split(learned, fraction=training.dev_share, seed=training.dev_seed)
    else:
        measured = list(all_pairs(dev))
    distinct = dict.fromkeys((pair.source, pair.features) for pair in learned)
    if sources is not None:
        files.append(provenance.file_of_sources(sources))
        distinct |= dict.fromkeys(_sources(sources, has_features=bool(text.features_column)))
    held_out = {pair.source for pair in measured}
    measured, seen = _unseen(teacher, directory, measured)
    kept = [one for one in distinct if one[0] not in held_out]
    if not kept:
        raise DataError("every source is among the dev pairs; nothing is left for the student to learn from")
    return Given(kept, measured, files, seen)


def _unseen(teacher: Translator, directory: Path, dev: list[readers.Pair]) -> tuple[list[readers.Pair], bool]:
    """Return the dev pairs without those of the teacher's training; all of them, and True, where none would be left."""
    bundle = teacher.bundle
    limit = bundle.config.training.max_batch_tokens
    reading = provenance.Reading(evaluation.columns(teacher), bundle.source_format, bundle.target_format, limit)
    try:
        seen = provenance.seen_in_training(bundle, directory, set(map(reading.tokens, dev)))
    except DataError:  # the teacher's data is gone
        return dev, True
    unseen = [pair for pair in dev if reading.tokens(pair) not in seen]
    return (unseen, False) if unseen else (dev, True)


def give(
    folder: Path,
    teacher: Translator,
    given: Given,
    *,
    origin: Mapping[str, Any],
    n_best: int,
    replace: bool,
    listen: Callable[[Answering], None],
) -> Lessons:
    """Let the teacher answer what has not been answered yet, and return the files.

    Each source becomes n_best pairs, shared among the teacher's n_best answers by their probabilities. A source whose
    answer has a flag (an unknown symbol, an answer that was cut) is left out.
    origin: whatever decides about the answers.   replace: remove those of another origin that are in the folder.
    UsageError: they must stay.   DataError: no answer is without a flag.   OutputError: the folder cannot be written.
    """
    began = time.monotonic()
    names = teacher.bundle.config.text
    keys = names.source_key, names.target_key, names.features_key
    with writing(folder):
        _claim(folder, origin, replace=replace)
        measured = (_line(keys, pair.source, pair.target, pair.features) for pair in given.dev)
        file_set.write(folder / "dev.jsonl", b"".join(measured))
        parts = []
        for number, first in enumerate(range(0, len(given.sources), PART)):
            part = folder / f"{number:05}.jsonl"
            listen(Answering(first, len(given.sources), time.monotonic() - began))
            if not part.exists():
                lines: list[bytes] = []
                for chunk in range(first, min(first + PART, len(given.sources)), CHUNK):
                    chunk_sources = given.sources[chunk : min(chunk + CHUNK, first + PART)]
                    lines += [_line(keys, *row) for row in _answered(teacher, chunk_sources, n_best)]
                    listen(Answering(chunk + len(chunk_sources), len(given.sources), time.monotonic() - began))
                file_set.write(part, b"".join(lines))
            if part.stat().st_size:
                parts.append(part)
    if not parts:
        raise DataError("the teacher answers no source without a flag; is it a model for these data?")
    return Lessons(parts, folder / "dev.jsonl")


def copies(log_probs: Sequence[float], n: int) -> list[int]:
    """Share n copies among answers by their probabilities, by the largest remainders."""
    p = np.exp(np.asarray(log_probs) - max(log_probs))
    quotas = n * p / p.sum()
    counts = np.floor(quotas + 1e-9).astype(int)  # a quota of 2 may come out as 1.9999…
    for i in np.argsort(counts - quotas, kind="stable")[: n - counts.sum()]:
        counts[i] += 1
    return [int(count) for count in counts]


def _answered(teacher: Translator, sources: Sequence[tuple[str, str]], n_best: int) -> Iterator[tuple[str, str, str]]:
    """Yield (source, target, features) of the pairs that the answers become."""
    options = Options(n_best=n_best)
    answers = teacher.answer([s for s, _ in sources], features=[f for _, f in sources], options=options)
    for (source, features), answer in zip(sources, answers, strict=True):
        if not answer.flags:
            for hypothesis, n in _shared(answer.hypotheses, n_best):
                yield from [(source, hypothesis.text, features)] * n


def _shared(hypotheses: Sequence[Hypothesis], n: int) -> Iterable[tuple[Hypothesis, int]]:
    return zip(hypotheses, copies([sum(h.log_probs) for h in hypotheses], n), strict=True)


def _claim(folder: Path, origin: Mapping[str, Any], *, replace: bool) -> None:
    """Make the folder one of this origin."""
    record = folder / "origin.json"
    wanted = msgspec.json.format(msgspec.json.encode(origin)) + b"\n"
    if record.is_file() and record.read_bytes() == wanted:
        return
    if own := [file for file in folder.glob("*.json*") if OWN.fullmatch(file.name)]:
        if not replace:
            raise UsageError(
                f"{folder.parent} holds an unfinished training on other answers; run its own command again to go on "
                f"with it, give --overwrite to start anew, or choose another --output"
            )
        for file in own:
            file.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    file_set.write(record, wanted)


def _line(keys: tuple[str, str, str], source: str, target: str, features: str) -> bytes:
    row = dict(zip(keys, (source, target, features), strict=True))
    return msgspec.json.encode(row if features else {key: row[key] for key in keys[:2]}) + b"\n"


def _sources(path: str | Path, *, has_features: bool) -> Iterator[tuple[str, str]]:
    for line in readers.read_lines(path):
        source, _, features = line.partition("\t") if has_features else (line, "", "")
        if source:
            yield source, features.split("\t")[0]
