"""Lines in, answers out: what `seqwright predict` writes while it reads."""

import itertools
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence

from seqwright.data import readers
from seqwright.translator import Hypothesis, Translator

__all__ = ["write"]

CHUNK = 512  # lines answered together
MAX_WARNINGS = 20  # a model of words may lack thousands


def write(model: Translator, path: str, *, beam: int, n_best: int, scores: bool) -> None:
    """Write the answers to each line of a file ("-": standard input) to standard output, a line each."""
    has_features = bool(model.bundle.config.text.features_column)
    typed = path == "-" and sys.stdin.isatty()  # then every line is answered at once
    unknown, progress = _Unknown(model), _Progress()
    for chunk in chunks(readers.read_lines(path), 1 if typed else CHUNK):
        split = [line.partition("\t") if has_features else (line, "", "") for line in chunk]
        sources, features = [s for s, _, _ in split], [f.split("\t")[0] for _, _, f in split]
        unknown.look_at(sources, features)
        for hypotheses in model.predict(sources, features=features, beam=beam, n_best=n_best):
            sys.stdout.write("\t".join(columns(hypotheses, n_best, scores)) + "\n")
        sys.stdout.flush()
        progress.add(len(chunk))
    progress.end()
    unknown.end()


def columns(hypotheses: Sequence[Hypothesis], n_best: int, scores: bool) -> list[str]:
    width = 2 if scores else 1
    found = [c for h in hypotheses for c in ((h.text, f"{h.score:.4f}") if scores else (h.text,))]
    return found + [""] * (n_best * width - len(found))


def chunks(lines: Iterator[str], size: int) -> Iterator[list[str]]:
    while chunk := list(itertools.islice(lines, size)):
        yield chunk


class _Unknown:
    """Warns of each symbol that the model has never seen, once."""

    def __init__(self, model: Translator) -> None:
        self._model = model
        self._seen: set[str] = set()
        self._n_lines = 0

    def look_at(self, sources: Sequence[str], features: Sequence[str]) -> None:
        for source, given in zip(sources, features, strict=True):
            self._n_lines += 1
            for symbol in self._model.unknown(source, given):
                if symbol not in self._seen:
                    self._seen.add(symbol)
                    if len(self._seen) <= MAX_WARNINGS:
                        warn(f"line {self._n_lines}: the model has never seen {named(symbol)}")

    def end(self) -> None:
        if len(self._seen) > MAX_WARNINGS:
            warn(f"the model has never seen {len(self._seen) - MAX_WARNINGS:,} further symbols")


def named(symbol: str) -> str:
    if len(symbol) != 1:
        return repr(symbol)
    return f"{symbol!r} (U+{ord(symbol):04X} {unicodedata.name(symbol, 'without a name')})"


def warn(message: str) -> None:
    print(f"seqwright: warning: {message}", file=sys.stderr)


class _Progress:
    """Counts lines on standard error where that is a terminal and the answers go elsewhere."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty() and not sys.stdout.isatty()
        self._began = time.monotonic()
        self._n_lines = 0

    def add(self, n_lines: int) -> None:
        self._n_lines += n_lines
        elapsed = time.monotonic() - self._began
        if self._shown and elapsed > 2:
            print(f"\r{self._n_lines:,} lines, {self._n_lines / elapsed:,.0f} lines/s ", end="", file=sys.stderr)

    def end(self) -> None:
        if self._shown and time.monotonic() - self._began > 2:
            print(file=sys.stderr)
