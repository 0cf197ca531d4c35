"""An actor that answers with one loaded model: parts of files, or batches of a dataset."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import fs as filesystems

from seqwright import kernels
from seqwright.errors import SeqwrightError
from seqwright.inference import Options
from seqwright.inference.translator import Translator
from seqwright.ray.formats import ANSWER, SCORE, Columns, format_of
from seqwright.ray.parts import Part

__all__ = ["Batches", "Done", "Parts", "remove_unfinished"]

UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.(.+)")


class Done(NamedTuple):
    """What became of a part.   fault: "" if it was answered."""

    path: str
    output: str
    n_records: int
    fault: str


class _Model:
    """A model in an actor.   threads: of the compiled kernels."""

    def __init__(self, model: Translator, options: Options, threads: int) -> None:
        kernels.set_threads(threads)
        self._model, self._options = model, options
        self.has_features = bool(model.bundle.config.text.features_column)

    def answer(self, sources: list[str], features: list[str]) -> tuple[list[str], list[float]]:
        """Return text and score of each answer; "" and NaN for none."""
        found = self._model.answer(sources, features=features, options=self._options)
        return [one.text for one in found], [one.best.score if one.best else float("nan") for one in found]


class Parts:
    """Answers parts of files: a map over batches of one row with the fields of a `Part`."""

    def __init__(
        self, model: Translator, options: Options, threads: int, columns: Columns,
        files: filesystems.FileSystem, outputs: filesystems.FileSystem,
    ) -> None:  # fmt: skip
        self._model = _Model(model, options, threads)
        self._columns, self._files, self._outputs = columns, files, outputs

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of `Done` for each part."""
        parts = (Part(*row) for row in zip(*(batch[name].tolist() for name in Part._fields), strict=True))
        done = [self._one(part) for part in parts]
        return {name: list(values) for name, values in zip(Done._fields, zip(*done, strict=True), strict=True)}

    def _one(self, part: Part) -> Done:
        try:
            return Done(part.path, part.output, self._answered(part), "")
        except (SeqwrightError, OSError, pa.ArrowException) as error:
            return Done(part.path, part.output, 0, (str(error).splitlines() or [type(error).__name__])[0])

    def _answered(self, part: Part) -> int:
        """Write the answers beside their place and move them there, so that a file that is there is whole."""
        kind, n = format_of(part.path), 0
        folder, _, name = part.output.rpartition("/")
        self._outputs.create_dir(folder)
        # A part that is answered twice, after the loss of a node, is written twice with the same bytes.
        beside = f"{folder}/.{uuid.uuid4().hex}.{name}"
        try:
            with self._outputs.open_output_stream(beside) as stream:
                for batch in kind.read(self._files, part, self._columns, self._model.has_features):
                    kind.write(stream, batch.records, *self._model.answer(batch.sources, batch.features))
                    n += len(batch.sources)
                kind.close(stream)
            self._outputs.move(beside, part.output)
        except BaseException:
            if self._outputs.get_file_info(beside).type == filesystems.FileType.File:
                self._outputs.delete_file(beside)
            raise
        return n


def remove_unfinished(outputs: filesystems.FileSystem, answered: Iterable[str]) -> None:
    """Delete what actors that were killed have left beside the files of these answered parts."""
    wanted = set(answered)
    for folder in sorted({path.rpartition("/")[0] for path in wanted}):
        for info in outputs.get_file_info(filesystems.FileSelector(folder)):
            found = UNFINISHED.fullmatch(info.base_name)
            if found and f"{folder}/{found[1]}" in wanted:
                outputs.delete_file(info.path)


class Batches:
    """Answers batches of a dataset: adds the columns of answers to a table."""

    def __init__(self, model: Translator, options: Options, threads: int, source: str, features: str | None) -> None:
        self._model, self._source, self._features = _Model(model, options, threads), source, features

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return the table with the columns `ANSWER` and `SCORE`."""
        sources = [text or "" for text in table.column(self._source).to_pylist()]
        given = table.column(self._features).to_pylist() if self._features else [""] * len(sources)
        features = [";".join(map(str, one)) if isinstance(one, list) else one or "" for one in given]
        answers, scores = self._model.answer(sources, features)
        return table.append_column(ANSWER, pa.array(answers, pa.string())).append_column(
            SCORE, pa.array(scores, pa.float32())
        )
