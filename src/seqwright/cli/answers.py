"""Lines in, answers out: what `seqwright predict` writes while it reads."""

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
    """Write a record for each line of a file ("-": standard input) to standard output, a line each.

    form: writes an answer as one line.   flush: every line is answered before the next is looked at.   quiet: no
    summary; warnings stay.
    reading: the options that say which columns of the lines are read.
    DataError: at the end, if lines were refused; see `data.readers.files` for those in between.
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
        raise DataError(f"{n_refused:,} line{'' if n_refused == 1 else 's'} got no answer for symbols never seen")


class _Summary:
    """Counts what happened to the lines."""

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
        told = [f"{self.n_lines:,} line{'' if self.n_lines == 1 else 's'}"]
        told += [f"{self._flagged[flag]:,} {says}" for flag, says in SAYS.items() if self._flagged[flag]]
        print(f"seqwright: {', '.join(told)}", file=sys.stderr)


SAYS = {
    "unknown": "with symbols never seen",
    "refused": "without an answer",
    "lexicon": "answered from the lexicon",
    "empty": "empty, with an empty answer",
    "unsure": "left empty as not sure enough",
    "windows": "too long and answered in parts",
    "cut": "with an answer cut off at its greatest length",
    "repeats": "with an answer that repeats itself",
    "undecodable": "not UTF-8",
}
