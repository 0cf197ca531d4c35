"""Warnings of `seqwright predict` on unknown symbols: one for each kind, not one for each symbol."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence

from seqwright.data import text
from seqwright.inference.translator import Translator

__all__ = ["Warnings", "warn"]

NAMED = 3  # symbols that a warning names


class Warnings:
    """Collects the unknown symbols of lines; warns at the first line with each kind, and counts the others at the end.

    fold_case: lines are converted to the case of the vocabulary.
    """

    def __init__(self, model: Translator, *, fold_case: bool) -> None:
        self._model, self._fold_case = model, fold_case
        self._first: dict[str, int] = {}  # unknown symbol: its first line
        self._warned: set[str] = set()  # kinds
        self._n_named = self._n_lines = 0

    def see(self, sources: Sequence[str], features: Sequence[str]) -> None:
        """Record the unknown symbols of the next lines, and warn of kinds that occur for the first time."""
        new: dict[str, list[str]] = {}
        for source, given in zip(sources, features, strict=True):
            self._n_lines += 1
            for symbol in self._model.unknown(source, given, fold_case=self._fold_case):
                if symbol not in self._first:
                    self._first[symbol] = self._n_lines
                    new.setdefault(self._kind(symbol), []).append(symbol)
        for kind, symbols in new.items():
            if kind not in self._warned:
                self._warned.add(kind)
                self._n_named += len(symbols)
                warn(f"line {self._first[symbols[0]]:,}: {self._message(kind, symbols)}")

    def end(self) -> None:
        """Warn of the number of symbols that no warning has named."""
        if n := len(self._first) - self._n_named:
            warn(f"later lines have {n:,} more unknown symbol{'' if n == 1 else 's'}")

    def _kind(self, symbol: str) -> str:
        if text.is_feature(symbol):
            return "feature"
        if self._is_in_other_case(symbol):
            return "case"
        found = scripts([symbol])
        known = scripts(self._model.bundle.source.vocabulary.symbols)
        return "script" if found and found.isdisjoint(known) else "symbol"

    def _is_in_other_case(self, symbol: str) -> bool:
        unknown = self._model.bundle.source.unknown
        return any(other != symbol and not unknown(other) for other in (symbol.lower(), symbol.upper()))

    def _message(self, kind: str, symbols: Sequence[str]) -> str:
        vocabulary = self._model.bundle.source.vocabulary.symbols
        if kind == "feature":
            return f"the model was not trained on the feature{'s' * (len(symbols) > 1)} {listed(map(feature, symbols))}"
        if kind == "case":
            return (
                f"the model was trained on {case(vocabulary)}, not on {listed(map(repr, symbols))}; --fold-case "
                f"converts them"
            )
        if kind == "script":
            trained, given = scripts(vocabulary), scripts(symbols)
            return (
                f"the model was trained on {' and '.join(sorted(trained)) or 'no letters'}, not on "
                f"{' and '.join(sorted(given - trained))}: {listed(map(repr, symbols))}"
            )
        return f"not in the vocabulary: {listed(map(named, symbols))}"


def listed(names: Iterable[str]) -> str:
    """Return the first names and the number of the others."""
    every = list(names)
    others = len(every) - NAMED
    return ", ".join(every[:NAMED]) + (f" and {others:,} other{'' if others == 1 else 's'}" if others > 0 else "")


def case(symbols: Iterable[str]) -> str:
    """Return a description of the case of letters in symbols."""
    letters = [letter for symbol in symbols if not text.is_feature(symbol) for letter in symbol]
    upper, lower = any(map(str.isupper, letters)), any(map(str.islower, letters))
    return "upper case" if upper and not lower else "lower case" if lower and not upper else "another case of letters"


def scripts(symbols: Iterable[str]) -> set[str]:
    """Return the scripts of letters in symbols: the first words of their Unicode names, such as LATIN or CYRILLIC."""
    letters = {letter for symbol in symbols if not text.is_feature(symbol) for letter in symbol}
    return {
        unicodedata.name(letter, "").partition(" ")[0]
        for letter in letters
        if unicodedata.category(letter) in ("Lu", "Ll", "Lt", "Lo")
    } - {""}


def feature(symbol: str) -> str:
    return repr(symbol.partition(" ")[2])


def named(symbol: str) -> str:
    if len(symbol) != 1:
        return repr(symbol)
    return f"{symbol!r} (U+{ord(symbol):04X} {unicodedata.name(symbol, 'without a name')})"


def warn(message: str) -> None:
    """Print a warning to standard error."""
    print(f"seqwright: warning: {message}", file=sys.stderr)
