"""`distill`: train a small model, the student, on the answers of a larger model, the teacher.

Kim & Rush 2016, "Sequence-Level Knowledge Distillation": the targets of the student are the answers of the teacher
instead of those of the data. They vary less, so they are easier to learn, and sources without targets can be used.
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
from seqwright.distillation import transfer_set
from seqwright.distillation.transfer_set import Answering
from seqwright.errors import UsageError
from seqwright.inference import translator
from seqwright.inference.translator import Translator
from seqwright.training import checkpoint, manifest
from seqwright.training.callbacks import Callback
from seqwright.training.events import Event

__all__ = ["Distilled", "Figures", "distill"]

HIDDEN_SIZE = 128  # half of the default for thousands of pairs
N_TIMED = 128  # sources


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Size, accuracy and speed of a model.

    Attributes
    ----------
    members : int
        Networks of the ensemble, 1 for a single network.
    n_parameters, n_bytes : int
        Of the weights of all networks.
    dev_accuracy, dev_ter : float or None
        Exact match and token error rate on the dev sources in percent, by beam search; None for a model that was
        trained on them, or may have been.
    sources_per_s : float
        Sources answered in one call, by beam search.
    """

    members: int
    n_parameters: int
    n_bytes: int
    dev_accuracy: float | None
    dev_ter: float | None
    sources_per_s: float


class Distilled(NamedTuple):
    """The student, and the figures of both models.

    Attributes
    ----------
    model : Translator
        The student.
    teacher, student : Figures
        Measured on the same dev sources.
    """

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
    """Train a small model, the student, on the answers of a larger one, the teacher.

    An interrupted call continues where it was when it is repeated, also within the answers of the teacher. A finished
    training is not repeated: the student is loaded and measured.

    Parameters
    ----------
    teacher : path
        The model directory of the teacher.
    pairs : path, or several
        Files of pairs, whose sources the teacher answers. Their targets are used only for the dev pairs.
    output : path
        The model directory of the student.
    sources : path, optional
        A file of further sources, one per line.
    dev : path, or several, optional
        Files of dev pairs. Without them, the same sources are held out as in a training of the teacher on these pairs.
    n_best : int, default 1
        Training pairs for each source, allocated to the n_best hypotheses in proportion to their probabilities.
    reading : Columns
        How the files are read, where it differs from the training of the teacher.
    config : Config
        Configuration of the student, with 128 hidden units by default. The tokens are those of the teacher.
    overwrite : bool, default False
        Replace what `output` contains, as in `train`.
    listen : callable, optional
        Called with each event: `Answering` and those of a training.
    callbacks : sequence of Callback
        As in `train`.
    command : sequence of str
        The command line, for the manifest.

    Returns
    -------
    Distilled
        The student, and the figures of both models.

    Raises
    ------
    ConfigError, DataError, ModelError, UsageError, OutputError
        As in `train`; ModelError if there is no teacher.
    """
    if n_best < 1:
        raise UsageError(f"n_best = {n_best}: expected at least 1")
    path = Path(output)
    if path.resolve() == Path(teacher).resolve():
        raise UsageError(f"{path} is the directory of the teacher; choose another --output for the student")
    repeated = not overwrite and _is_student(path)  # the training finds out whether it is the same student
    training.check_output(path, overwrite=overwrite or repeated)
    loaded = translator.load(teacher)
    given = transfer_set.read(loaded, Path(teacher), pairs, dev, sources, reading=reading)
    listen = listen or (lambda _: None)
    origin = {"stamp": bundle.stamp(Path(teacher)), "n_best": n_best, "data": given.hashes}
    if reading != readers.STANDARD:
        origin["reading"] = repr(reading)
    answers = transfer_set.write(
        path / training.DISTILLED, loaded, given, origin=origin, n_best=n_best,
        replace=overwrite or not (repeated or checkpoint.exists(path)), listen=listen,
    )  # fmt: skip
    student = training.train(
        answers.parts,
        output=path,
        dev=answers.dev,
        config=_student(config, loaded.bundle.config),
        overwrite=overwrite,
        listen=listen,
        callbacks=callbacks,
        command=command,
        notes={"teacher": {"path": str(teacher), **origin}},
        derived_from=given.files,
    )
    return Distilled(student, _figures(loaded, given.dev, seen=given.seen), _figures(student, given.dev))


def _is_student(path: Path) -> bool:
    """Return whether the directory has the finished student of a teacher."""
    return (path / training.DISTILLED).is_dir() and not checkpoint.exists(path) and manifest.finished(path) is not None


def _student(config: Config, teacher: Config) -> Config:
    """Return the configuration of the student, whose training files are read by their names and keys.

    The schema is that of the teacher, since users of the student have the same kind of files.
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
    """Return the sources answered per second, the better of two runs."""
    timed = dev[:N_TIMED]
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        model.predict([pair.source for pair in timed], features=[pair.features for pair in timed])
        seconds.append(time.perf_counter() - began)
    return len(timed) / min(seconds)
