"""A loaded model that turns text into text.

Not a trainer and not a reader of files. One `Translator` serves any number of threads: they share its weights, which
nothing changes, and each call works in memory of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from seqwright import bundle as bundles
from seqwright import search
from seqwright.answering import Answer, Hypothesis, Options, copying, reading
from seqwright.answering.answer import Flag, Link, links, spelled
from seqwright.answering.options import Unknown
from seqwright.data import batches, text, vocabulary
from seqwright.errors import UsageError
from seqwright.types import Array

__all__ = ["Answer", "Hypothesis", "Options", "Translator", "load"]

BATCH_SOURCES = 128
SHORTEST_WINDOW = 50  # tokens: data of single letters does not make a word of thirty too long


class Translator:
    """A model in memory; `seqwright.load` makes one from a model directory."""

    def __init__(self, bundle: bundles.Bundle) -> None:
        self.bundle = bundle
        self._networks = bundle.networks()

    def predict(
        self,
        sources: Sequence[str],
        *,
        features: Sequence[str] | None = None,
        beam: int = 5,
        n_best: int = 1,
    ) -> list[list[Hypothesis]]:
        """Return for each source its n_best answers, best first; fewer where the search found fewer.

        features: the features column of each source (`V;PST`).   beam: hypotheses kept at each step; 1 is greedy, and
        at least n_best are kept. An answer does not depend on the other sources.
        """
        return [
            a.hypotheses for a in self.answer(sources, features=features, options=Options(beam=beam, n_best=n_best))
        ]

    def answer(
        self, sources: Sequence[str], *, features: Sequence[str] | None = None, options: Options | None = None
    ) -> list[Answer]:
        """Return a record for each source, in order. An answer does not depend on the other sources.

        A source of more tokens than `options.max_source_tokens` (where that is None: twice the longest target of the
        training, at least 50) is cut into windows, behind a space where there is one. They are answered one by one and
        their best answers joined; there is one hypothesis then.
        UsageError: options that this model cannot follow.
        """
        options = options or Options()
        self._check(options)
        given = [""] * len(sources) if features is None else features
        assert len(given) == len(sources), f"{len(given)} features for {len(sources)} sources"
        bundle = self.bundle
        most = options.max_source_tokens or max(2 * bundle.limits.longest_target, SHORTEST_WINDOW)
        drop = options.unknown == Unknown.DROP
        readings = [
            reading.read(source, f, bundle.source_format, bundle.source_vocabulary, max_tokens=most, drop_unknown=drop)
            for source, f in zip(sources, given, strict=True)
        ]
        if options.unknown == Unknown.ERROR:
            readings = [one._replace(windows=[]) if one.unknown else one for one in readings]
        found = iter(self._search([window.ids for one in readings for window in one.windows], options))
        return [
            self._answer(source, f, one, [next(found) for _ in one.windows], options)
            for source, f, one in zip(sources, given, readings, strict=True)
        ]

    def unknown(self, source: str, features: str = "") -> list[str]:
        """Return the symbols of a source and its features that the model has never seen, in order."""
        return self.bundle.source_vocabulary.unknown(text.source_tokens(source, features, self.bundle.source_format))

    def _check(self, options: Options) -> None:
        if options.unknown == Unknown.COPY and self.bundle.config.model.attention == "none":
            raise UsageError("unknown = copy needs a model with attention, which says where a symbol went; choose keep")

    def _search(self, sources: Sequence[Sequence[int]], options: Options) -> list[list[search.Candidate]]:
        """Return the candidates of each source, in order, searching sources of like length together."""
        found: list[list[search.Candidate]] = [[] for _ in sources]
        for index in _portions([len(ids) for ids in sources], options.max_batch_tokens):
            for i, candidates in zip(index, self._search_portion([sources[i] for i in index], options), strict=True):
                found[i] = candidates
        return found

    def _search_portion(self, sources: Sequence[Sequence[int]], options: Options) -> list[list[search.Candidate]]:
        ids, lengths = batches.pad(sources)
        limits = np.array([self.bundle.limits.max_length(len(source)) for source in sources], np.int32)
        never = (vocabulary.PAD, vocabulary.UNKNOWN, vocabulary.START)
        step, state = search.ensemble([net.start(ids, lengths, forbidden=never) for net in self._networks])
        start, end = vocabulary.START, vocabulary.END
        if options.width == 1:
            return [[c] for c in search.greedy(step, state, start_id=start, end_id=end, max_lengths=limits)]
        return search.beam(step, state, width=options.width, start_id=start, end_id=end, max_lengths=limits)

    def _answer(
        self, source: str, features: str, read: reading.Reading, found: list[list[search.Candidate]], options: Options
    ) -> Answer:
        if len(read.windows) == 1:
            hypotheses = [self._hypothesis(c, read, read.windows[0], options) for c in found[0][: options.n_best]]
        elif read.windows:
            parts = [self._hypothesis(c[0], read, w, options) for c, w in zip(found, read.windows, strict=True)]
            hypotheses = [self._joined(parts, read)]
        else:
            hypotheses = []
        flags = [Flag.UNKNOWN + symbol for symbol in spelled(read.unknown)]
        if len(read.windows) > 1:
            flags.append(f"{Flag.WINDOWS}{len(read.windows)}")
        if not hypotheses:
            flags.append(Flag.REFUSED)
        elif not hypotheses[0].finished:
            flags.append(Flag.CUT)
        return Answer(source=source, features=features, hypotheses=hypotheses, flags=tuple(flags))

    def _hypothesis(
        self, candidate: search.Candidate, read: reading.Reading, window: reading.Window, options: Options
    ) -> Hypothesis:
        tokens = self.bundle.target_vocabulary.decode(candidate.ids)
        log_probs, attended = candidate.log_probs, candidate.attended
        if attended is None:
            return self._said(tokens, log_probs, candidate, None, None)
        attended = attended[:, : len(window.ids)]  # behind them is padding
        first = len(window.features)
        unknown = {i: read.tokens[place] for i, place in enumerate(window.places)
                   if window.ids[first + i] == vocabulary.UNKNOWN}  # fmt: skip
        if unknown and options.unknown == Unknown.COPY:
            copied = copying.copied(attended[:, first:-1], unknown)
            tokens = [s or tokens[row] for row, s in zip(copied.rows, copied.symbols, strict=True)]
            chosen = [0.0 if added else log_probs[row] for row, added in zip(copied.rows, copied.added, strict=True)]
            log_probs = [*chosen, log_probs[-1]]  # the model did not choose what was added
            attended = attended[[*copied.rows, len(attended) - 1]]
        pairs = [(window.places[s], t) for s, t in links(attended, first)]
        alignment: Array | None = None
        if len(read.windows) == 1:
            F, S = len(read.features), len(read.tokens)
            alignment = np.zeros((len(attended), F + S + 1), attended.dtype)
            alignment[:, [*window.features, *(F + place for place in window.places), F + S]] = attended
        return self._said(tokens, log_probs, candidate, alignment, pairs)

    def _said(
        self,
        tokens: list[str],
        log_probs: list[float],
        candidate: search.Candidate,
        alignment: Array | None,
        pairs: list[Link] | None,
    ) -> Hypothesis:
        joined = self.bundle.target_format.join(tokens)
        return Hypothesis(joined, tokens, candidate.score, log_probs, candidate.finished, alignment, pairs)

    def _joined(self, parts: Sequence[Hypothesis], read: reading.Reading) -> Hypothesis:
        """Return the answers to the windows of a source as one; its score is the mean over all their symbols."""
        tokens: list[str] = []
        log_probs: list[float] = []
        pairs: list[Link] | None = None if parts[0].links is None else []
        for i, part in enumerate(parts):
            if pairs is not None:
                pairs += [(s, len(tokens) + t) for s, t in part.links or ()]
            tokens += part.tokens
            log_probs += part.log_probs[:-1]
            at_space = i + 1 < len(parts) and read.tokens[read.windows[i].places[-1]].isspace()
            if at_space and tokens[-1:] != [" "] and " " in self.bundle.target_vocabulary:
                tokens.append(" ")  # what the source was cut behind stands between the answers, too
                log_probs.append(0.0)
        log_probs.append(sum(part.log_probs[-1] for part in parts))
        score = sum(log_probs) / len(log_probs)
        finished = all(part.finished for part in parts)
        return Hypothesis(self.bundle.target_format.join(tokens), tokens, score, log_probs, finished, None, pairs)


def load(path: str | Path) -> Translator:
    """Return the model of a directory that `seqwright train` wrote.   ModelError: it is not a whole one."""
    return Translator(bundles.load(Path(path)))


def _portions(lengths: Sequence[int], max_tokens: int) -> Iterable[list[int]]:
    """Yield the indices of all sources in portions of like length, bounded in number and in padded size."""
    portion: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):  # so the last of a portion is its longest
        if portion and (len(portion) == BATCH_SOURCES or (len(portion) + 1) * lengths[i] > max_tokens):
            yield portion
            portion = []
        portion.append(i)
    if portion:
        yield portion
