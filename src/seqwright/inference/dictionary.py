"""Known answers, which are looked up instead of searched."""

from __future__ import annotations

from collections.abc import Iterable

from seqwright.data import readers, text

__all__ = ["Dictionary"]


class Dictionary:
    """The targets of known sources, in the order of the pairs; immutable, so threads may share it.

    Empty targets are answers; a pair with an empty source and an empty target is ignored as a blank line. Sources are
    normalized to the Unicode form of `source`.
    """

    def __init__(self, pairs: Iterable[readers.Pair], source: text.Splitter, target: text.Splitter) -> None:
        self._form = source.unicode_form
        self._split = target.split
        self._targets: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
        for pair in pairs:
            if pair.source or pair.target:
                self._targets.setdefault(self._key(pair.source, pair.features), {})[pair.target] = None

    def __len__(self) -> int:
        return len(self._targets)

    def look_up(self, source: str, features: str = "") -> list[tuple[str, list[str]]]:
        """Return the known targets of a source, each as text and tokens; none for an unknown source."""
        found = self._targets.get(self._key(source, features), {})
        return [(target, self._split(target)) for target in found]

    def _key(self, source: str, features: str) -> tuple[str, tuple[str, ...]]:
        return text.normalized(source, self._form), tuple(text.feature_symbols(features))
