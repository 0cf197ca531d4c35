"""The loop of `seqwright predict`: read lines, predict, write one record for each line."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal

from seqwright.cli import lines, progress, unknown
from seqwright.cli.line_columns import LineColumns
from seqwright.errors import DataError
from seqwright.inference import Answer, Options
from seqwright.inference.answer import Flag
from seqwright.inference.translator import Translator

__all__ = ["write"]

CHUNK = 512  # lines answered together


def write(
    model: Translator,
    path: str,
    form: Callable[[Answer], str],
    *,
    options: Options,
    errors: Literal["strict", "replace"],
    flush: bool,
    quiet: bool,
    reading: Mapping[str, Any],
) -> None:
    """Write one record to standard output for each line of a file ("-": standard input).

    form: formats an answer as one line.   flush: answer each line before the next one is read.   quiet: no summary;
    warnings are still written.   reading: the options that select the columns of the lines.
    DataError: lines were refused (raised at the end), or the file cannot be read (`data.readers.files`).
    """
    model.check(options)
    columns = LineColumns(model.bundle, reading, unknown.warn)
    summary, warnings = _Summary(), unknown.Warnings(model, fold_case=options.fold_case)
    reader = lines.Reader(path, errors=errors)
    with progress.shown(path) as show:
        for chunk in reader.chunks(1 if flush else CHUNK):
            sources, features = map(list, zip(*columns.cut([line.text for line in chunk]), strict=True))
            warnings.see(sources, features)
            for line, answer in zip(chunk, model.answer(sources, features=features, options=options), strict=True):
                record = answer.marked(Flag.UNDECODABLE) if line.undecodable else answer
                summary.count(record)
                sys.stdout.write(form(record) + "\n")
            sys.stdout.flush()
            show(summary.n_lines, reader.n_bytes)
    warnings.end()
    if not quiet:
        summary.print()
    if n_refused := summary.n_refused:
        lines_have = "line has" if n_refused == 1 else "lines have"
        raise DataError(
            f"{n_refused:,} {lines_have} no answer because of unknown symbols; use --unknown keep, copy or drop"
        )


class _Summary:
    """Counts lines, and the flags of their answers."""

    def __init__(self) -> None:
        self.n_lines = 0
        self._flagged: Counter[str] = Counter()

    def count(self, answer: Answer) -> None:
        self.n_lines += 1
        self._flagged.update({flag.partition(":")[0] for flag in answer.flags})

    @property
    def n_refused(self) -> int:
        return self._flagged[Flag.REFUSED]

    def print(self) -> None:
        """Print the counts to standard error."""
        counts = [f"{self.n_lines:,} line{'' if self.n_lines == 1 else 's'}"]
        counts += [f"{self._flagged[flag]:,} {text}" for flag, text in DESCRIPTIONS.items() if self._flagged[flag]]
        print(f"seqwright: {', '.join(counts)}", file=sys.stderr)


DESCRIPTIONS = {
    "unknown": "with unknown symbols",
    "refused": "without an answer",
    "lexicon": "answered from the lexicon",
    "empty": "empty, with an empty answer",
    "unsure": "left empty, with a confidence below --min-confidence",
    "windows": "answered in windows, longer than the model reads at once",
    "cut": "with an answer truncated at the maximum length",
    "repeats": "with an answer that repeats a phrase",
    "undecodable": "not valid UTF-8",
}
