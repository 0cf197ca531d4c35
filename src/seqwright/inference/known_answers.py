"""Answers that need no search: those of a dictionary or of the model's lexicon, and those to empty sources."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqwright.bundle import Bundle
from seqwright.inference.answer import Answer, Flag, Hypothesis, spelled
from seqwright.inference.dictionary import Dictionary
from seqwright.inference.options import Options
from seqwright.inference.reading import Reading

__all__ = ["KnownAnswers"]


class KnownAnswers:
    """What a model answers without a search."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._lexicon = None
        if bundle.lexicon:
            self._lexicon = Dictionary(bundle.lexicon, bundle.source, bundle.target)

    def look_up(self, source: str, features: str, options: Options) -> list[Hypothesis]:
        """Return the answers of the dictionary or the lexicon, whose log-probabilities are 0; [] for other sources."""
        entries = options.dictionary.look_up(source, features) if options.dictionary is not None else []
        if not entries and self._lexicon is not None and options.lexicon:
            entries = self._lexicon.look_up(source, features)
            entries = [(text, tokens) for text, tokens in entries if self._allowed(tokens, options)]
        return [
            Hypothesis(text, tokens, 0.0, [0.0] * (len(tokens) + 1), True, None)
            for text, tokens in entries[: options.n_best]
        ]

    def _allowed(self, tokens: Sequence[str], options: Options) -> bool:
        """Return whether an answer meets the constraint and the given lengths."""
        max_length = len(tokens) if options.max_length is None else options.max_length
        if not (options.min_length or 0) <= len(tokens) <= max_length:
            return False
        return options.constraint is None or self._bundle.target.vocabulary.encode(tokens) in options.constraint

    def is_empty(self, reading: Reading, options: Options) -> bool:
        """Return whether the answer is empty because the source is: no tokens but dropped ones and unknown spaces.

        A constraint that excludes the empty answer, and a given min_length, have precedence.
        """
        if not self._bundle.limits.empty_answers_empty or options.min_length:
            return False
        if options.constraint is not None and [] not in options.constraint:
            return False
        return reading.is_blank(self._bundle.source.vocabulary)

    def empty(self, source: str, features: str, reading: Reading) -> Answer:
        """Return the empty answer; its confidence is 1, or 0 if symbols other than spaces were dropped."""
        hypothesis = Hypothesis("", [], 0.0, [0.0], True, None)
        if self._bundle.config.model.attention != "none":
            alignment = np.zeros((1, len(reading.features) + len(reading.tokens) + 1), np.float32)
            alignment[0, -1] = 1
            hypothesis = hypothesis._replace(alignment=alignment, links=[])
        flags = [*(Flag.UNKNOWN + symbol for symbol in spelled(reading.unknown)), Flag.EMPTY]
        confidence = 1.0 if all(token.isspace() for token in reading.tokens) else 0.0
        return Answer(
            source=source, features=features, hypotheses=[hypothesis], flags=tuple(flags), confidence=confidence
        )
