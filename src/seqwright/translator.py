"""A loaded model that turns text into text.

Not a trainer and not a reader of files. One `Translator` serves any number of threads: they share its weights, which
nothing changes, and each call works in memory of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqwright import bundle as bundles
from seqwright import search
from seqwright.data import batches, text, vocabulary
from seqwright.types import Array

__all__ = ["Hypothesis", "Translator", "load"]

BATCH_SOURCES = 128
BATCH_TOKENS = 16_384  # of sources with their padding


class Hypothesis(NamedTuple):
    """One answer.

    text: the tokens joined.   score: mean log-probability of a token, the end's with it (nats, at most 0).
    log_probs: of each token, then of the end.   finished: False where the greatest length cut it off.
    alignment (tokens + 1, source tokens + 1): how much each token, then the end, looked at each source token and its
    end; features come before the source's tokens. None for a model without attention.
    """

    text: str
    tokens: list[str]
    score: float
    log_probs: list[float]
    finished: bool
    alignment: Array | None


class Translator:
    """A model in memory; `seqwright.load` makes one from a model directory."""

    def __init__(self, bundle: bundles.Bundle) -> None:
        self.bundle = bundle
        self._network = bundles.network(bundle.config, bundle.source_vocabulary, bundle.target_vocabulary)
        for name, array in bundle.weights.items():
            self._network.params.named[name][:] = array

    def predict(
        self, sources: Sequence[str], *, features: Sequence[str] | None = None, beam: int = 5, n_best: int = 1
    ) -> list[list[Hypothesis]]:
        """Return for each source its n_best answers, best first; fewer where the search found fewer.

        features: the features column of each source (`V;PST`).   beam: hypotheses kept at each step; 1 is greedy, and
        at least n_best are kept. An answer does not depend on the other sources.
        """
        given = [""] * len(sources) if features is None else features
        assert len(given) == len(sources), f"{len(given)} features for {len(sources)} sources"
        encoded = [
            batches.encode_source(source, f, self.bundle.source_format, self.bundle.source_vocabulary)
            for source, f in zip(sources, given, strict=True)
        ]
        answers: list[list[Hypothesis]] = [[] for _ in sources]
        for index in _portions([len(ids) for ids in encoded]):
            found = self._search([encoded[i] for i in index], max(beam, n_best))
            for i, candidates in zip(index, found, strict=True):
                answers[i] = [self._hypothesis(candidate) for candidate in candidates[:n_best]]
        return answers

    def unknown(self, source: str, features: str = "") -> list[str]:
        """Return the symbols of a source and its features that the model has never seen, in order."""
        return self.bundle.source_vocabulary.unknown(text.source_tokens(source, features, self.bundle.source_format))

    def _search(self, sources: Sequence[Sequence[int]], beam: int) -> list[list[search.Candidate]]:
        ids, lengths = batches.pad(sources)
        limits = np.array([self.bundle.limits.max_length(len(source)) for source in sources], np.int32)
        never = (vocabulary.PAD, vocabulary.UNKNOWN, vocabulary.START)
        step, state = self._network.start(ids, lengths, forbidden=never)
        start, end = vocabulary.START, vocabulary.END
        if beam == 1:
            return [[c] for c in search.greedy(step, state, start_id=start, end_id=end, max_lengths=limits)]
        return search.beam(step, state, width=beam, start_id=start, end_id=end, max_lengths=limits)

    def _hypothesis(self, candidate: search.Candidate) -> Hypothesis:
        tokens = self.bundle.target_vocabulary.decode(candidate.ids)
        text = self.bundle.target_format.join(tokens)
        return Hypothesis(text, tokens, candidate.score, candidate.log_probs, candidate.finished, candidate.attended)


def load(path: str | Path) -> Translator:
    """Return the model of a directory that `seqwright train` wrote.   ModelError: it is not a whole one."""
    return Translator(bundles.load(Path(path)))


def _portions(lengths: Sequence[int]) -> Iterable[list[int]]:
    """Yield the indices of all sources in portions of like length, bounded in number and in padded size."""
    portion: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):  # so the last of a portion is its longest
        if portion and (len(portion) == BATCH_SOURCES or (len(portion) + 1) * lengths[i] > BATCH_TOKENS):
            yield portion
            portion = []
        portion.append(i)
    if portion:
        yield portion
