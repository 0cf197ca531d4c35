"""`distill`: from a teacher and its data to a small model.

Kim & Rush 2016, "Sequence-Level Knowledge Distillation": the student learns what the teacher answers instead of what
the data say. One answer is easier to learn than the many that are possible, and there can be as many pairs as there
are sources.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from seqwright import bundle, evaluation, training
from seqwright.config import Config
from seqwright.data import readers
from seqwright.distillation import lessons
from seqwright.distillation.lessons import Answering
from seqwright.errors import UsageError
from seqwright.inference import translator
from seqwright.inference.translator import Translator
from seqwright.training import checkpoint
from seqwright.training.callbacks import Callback
from seqwright.training.events import Event

__all__ = ["Distilled", "Figures", "distill"]

HIDDEN_SIZE = 128  # half of what training takes for thousands of pairs
N_TIMED = 128  # sources


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs and brings."""

    members: int
    n_parameters: int
    n_bytes: int  # of the weights
    dev_accuracy: float | None  # %, beam search; None of a model that has seen the dev sources, or may have
    dev_ter: float | None  # %
    sources_per_s: float  # answered together, beam search


class Distilled(NamedTuple):
    """The student, and how it compares with its teacher."""

    model: Translator
    teacher: Figures
    student: Figures


def distill(
    teacher: str | Path,
    pairs: readers.Paths,
    *,
    output: str | Path,
    sources: str | Path | None = None,
    dev: readers.Paths | None = None,
    n_best: int = 1,
    reading: readers.Columns = readers.STANDARD,
    config: Config = Config(),  # noqa: B008 - frozen
    overwrite: bool = False,
    listen: Callable[[Event | Answering], None] | None = None,
    callbacks: Sequence[Callback] = (),
    command: Sequence[str] = (),
) -> Distilled:
    """Train a model on the answers of the model directory `teacher` to the sources of the pairs, in `output`.

    The targets of the pairs count for those held out alone: the dev pairs, or the sources that the teacher held out.
    sources: a file of further sources, a line each.   n_best: pairs made of each source, see `lessons.give`.
    reading: how the files are read, where not as those of the teacher's training.
    config: of the student, for which 128 units are taken where it names none; texts are cut as the teacher cuts them.
    The rest is as in `training.train`; an interrupted call goes on, with the teacher's answers too.
    ConfigError, DataError, ModelError (no teacher), UsageError (output exists), OutputError.
    """
    if n_best < 1:
        raise UsageError(f"n_best = {n_best}: expected at least 1")
    path = Path(output)
    if path.resolve() == Path(teacher).resolve():
        raise UsageError(f"{path} is the teacher; choose another --output for the student")
    training.check_output(path, overwrite=overwrite)
    loaded = translator.load(teacher)
    given = lessons.read(loaded, Path(teacher), pairs, dev, sources, reading=reading)
    hear = listen or (lambda _: None)
    origin = {"stamp": bundle.stamp(Path(teacher)), "n_best": n_best, "data": given.hashes}
    if reading != readers.STANDARD:
        origin["reading"] = repr(reading)
    lesson = lessons.give(
        path / training.DISTILLED, loaded, given, origin=origin, n_best=n_best,
        replace=overwrite or not checkpoint.exists(path), listen=hear,
    )  # fmt: skip
    student = training.train(
        lesson.parts,
        output=path,
        dev=lesson.dev,
        config=_student(config, loaded.bundle.config),
        overwrite=overwrite,
        listen=hear,
        callbacks=callbacks,
        command=command,
        notes={"teacher": {"path": str(teacher), **origin}},
        derived_from=given.files,
    )
    return Distilled(student, _figures(loaded, given.dev, seen=given.seen), _figures(student, given.dev))


def _student(config: Config, teacher: Config) -> Config:
    """Return the student's configuration; how to read the answers follows from their files' names and keys.

    The teacher's schema stays: the student's users have the same files.
    """
    text = msgspec.structs.replace(
        teacher.text,
        reader="auto",
        source_column=None,
        target_column=None,
        features_column=None if teacher.text.features_column else 0,
        header=None,
        delimiter=None,
        comment=None,
    )
    return msgspec.structs.replace(
        config,
        text=text,
        model=msgspec.structs.replace(config.model, hidden_size=config.model.hidden_size or HIDDEN_SIZE),
    )


def _figures(model: Translator, dev: Sequence[readers.Pair], *, seen: bool = False) -> Figures:
    scores = None if seen else evaluation.evaluate(model, dev, lexicon=False).scores
    weights = model.bundle.weights.values()
    return Figures(
        members=len(model.bundle.networks),
        n_parameters=sum(array.size for array in weights),
        n_bytes=sum(array.nbytes for array in weights),
        dev_accuracy=None if scores is None else scores.exact,
        dev_ter=None if scores is None else scores.ter,
        sources_per_s=_speed(model, dev),
    )


def _speed(model: Translator, dev: Sequence[readers.Pair]) -> float:
    """Return how many sources are answered in a second, at the better of two tries."""
    timed = dev[:N_TIMED]
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        model.predict([pair.source for pair in timed], features=[pair.features for pair in timed])
        seconds.append(time.perf_counter() - began)
    return len(timed) / min(seconds)
