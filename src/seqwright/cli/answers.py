"""Lines in, answers out: what `seqwright predict` writes while it reads."""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from seqwright.answering import Answer, Options
from seqwright.answering.answer import Flag
from seqwright.cli import lines, progress
from seqwright.errors import DataError
from seqwright.translator import Translator

__all__ = ["write"]

CHUNK = 512  # lines answered together
MAX_WARNINGS = 20  # a model of words may lack thousands


def write(
    model: Translator,
    path: str,
    form: Callable[[Answer], str],
    *,
    options: Options,
    errors: Literal["strict", "replace"],
    flush: bool,
    quiet: bool,
) -> None:
    """Write a record for each line of a file ("-": standard input) to standard output, a line each.

    form: writes an answer as one line.   flush: every line is answered before the next is looked at.   quiet: no
    summary; warnings stay.
    DataError: at the end, if lines were refused; see `data.readers.files` for those in between.
    """
    model.check(options)
    has_features = bool(model.bundle.config.text.features_column)
    summary = _Summary(model)
    reader = lines.Reader(path, errors=errors)
    with progress.shown(path) as show:
        for chunk in reader.chunks(1 if flush else CHUNK):
            split = [line.text.partition("\t") if has_features else (line.text, "", "") for line in chunk]
            sources, features = [s for s, _, _ in split], [f.split("\t")[0] for _, _, f in split]
            summary.warn(sources, features)
            for line, answer in zip(chunk, model.answer(sources, features=features, options=options), strict=True):
                record = answer.marked(Flag.UNDECODABLE) if line.undecodable else answer
                summary.count(record)
                sys.stdout.write(form(record) + "\n")
            sys.stdout.flush()
            show(summary.n_lines, reader.n_bytes)
    summary.end(quiet=quiet)
    if n_refused := summary.n_refused:
        raise DataError(f"{n_refused:,} line{'' if n_refused == 1 else 's'} got no answer for symbols never seen")


class _Summary:
    """Warns of each symbol that the model has never seen, once, and counts what happened to the lines."""

    def __init__(self, model: Translator) -> None:
        self._model = model
        self._seen: set[str] = set()
        self._n_read = self.n_lines = 0
        self._flagged: Counter[str] = Counter()

    def warn(self, sources: Sequence[str], features: Sequence[str]) -> None:
        for source, given in zip(sources, features, strict=True):
            self._n_read += 1
            for symbol in self._model.unknown(source, given):
                if symbol not in self._seen:
                    self._seen.add(symbol)
                    if len(self._seen) <= MAX_WARNINGS:
                        warn(f"line {self._n_read}: the model has never seen {named(symbol)}")

    def count(self, answer: Answer) -> None:
        self.n_lines += 1
        self._flagged.update({flag.partition(":")[0] for flag in answer.flags})

    @property
    def n_refused(self) -> int:
        return self._flagged[Flag.REFUSED]

    def end(self, *, quiet: bool) -> None:
        if len(self._seen) > MAX_WARNINGS:
            warn(f"the model has never seen {len(self._seen) - MAX_WARNINGS:,} further symbols")
        if quiet:
            return
        told = [f"{self.n_lines:,} line{'' if self.n_lines == 1 else 's'}"]
        told += [f"{self._flagged[flag]:,} {says}" for flag, says in SAYS.items() if self._flagged[flag]]
        print(f"seqwright: {', '.join(told)}", file=sys.stderr)


SAYS = {
    "unknown": "with symbols never seen",
    "refused": "without an answer",
    "lexicon": "answered from the lexicon",
    "unsure": "left empty as not sure enough",
    "windows": "too long and answered in parts",
    "cut": "with an answer cut off at its greatest length",
    "undecodable": "not UTF-8",
}


def named(symbol: str) -> str:
    if len(symbol) != 1:
        return repr(symbol)
    return f"{symbol!r} (U+{ord(symbol):04X} {unicodedata.name(symbol, 'without a name')})"


def warn(message: str) -> None:
    print(f"seqwright: warning: {message}", file=sys.stderr)
