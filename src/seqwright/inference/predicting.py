"""From sources to answers: read, look up, search, decode, flag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seqwright import search
from seqwright.bundle import Bundle
from seqwright.inference import hypotheses, repetition, windows
from seqwright.inference.answer import Answer, Flag, Hypothesis, spelled
from seqwright.inference.confidence import Confidence
from seqwright.inference.known_answers import KnownAnswers
from seqwright.inference.options import Options, Unknown
from seqwright.inference.reading import Reader, Reading, Window
from seqwright.inference.searcher import Searcher

__all__ = ["Predictor"]


class Predictor:
    """Answers to sources, and scores of given targets."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._known = KnownAnswers(bundle)
        self.reader: Reader = Reader.of(bundle)
        self.searcher: Searcher = Searcher(bundle)
        self.confidence: Confidence = Confidence(bundle)

    def answers(
        self, sources: Sequence[str], features: Sequence[str], options: Options, *, confident: bool
    ) -> list[Answer]:
        """Return the answer to each source, in order.   confident: whether to compute confidences."""
        read = [self.reader.folded(source) for source in sources] if options.fold_case else sources
        known = [
            self._known.look_up(source, f, options)
            or (self._known.look_up(as_read, f, options) if as_read != source else [])
            for source, as_read, f in zip(sources, read, features, strict=True)
        ]
        readings, empty = self._readings(read, features, known, options)
        independent = [one.windows for one in readings if len(one.windows) == 1 or not windows.depend(options)]
        found = iter(self.searcher.search([window.ids for some in independent for window in some], options))
        factors: Sequence[float | None] = [None] * len(readings)
        if confident and self.confidence:
            factors = self.confidence.factors(readings)
        answers = []
        for i, (source, f, reading) in enumerate(zip(sources, features, readings, strict=True)):
            if known[i]:
                flags = (Flag.LEXICON,)
                answers.append(Answer(source=source, features=f, hypotheses=known[i], flags=flags, confidence=1.0))
            elif empty[i]:
                answers.append(self._known.empty(source, f, reading))
            else:
                answers.append(
                    self._answer(source, f, reading, self._chains(reading, found, options), options, factors[i])
                )
        return answers

    def _readings(
        self, sources: Sequence[str], features: Sequence[str], known: Sequence[list[Hypothesis]], options: Options
    ) -> tuple[list[Reading], list[bool]]:
        """Return the reading of each source, without windows where nothing is searched, and whether it is empty."""
        max_tokens = options.max_source_tokens or self._bundle.limits.window
        readings, empty = [], []
        for source, f, entries in zip(sources, features, known, strict=True):
            reading = self.reader.read(source, f, max_tokens=max_tokens, drop_unknown=options.unknown == Unknown.DROP)
            refused = options.unknown == Unknown.ERROR and bool(reading.unknown)
            is_empty = not entries and not refused and self._known.is_empty(reading, options)
            readings.append(reading._replace(windows=[]) if entries or refused or is_empty else reading)
            empty.append(is_empty)
        return readings, empty

    def _chains(
        self, reading: Reading, found: Iterator[list[search.Candidate]], options: Options
    ) -> list[windows.Chain]:
        """Return the n_best candidates of each window of a source, combined.

        found: the candidates of windows that do not depend on each other.
        """
        if len(reading.windows) > 1 and windows.depend(options):
            known = self._bundle.target.vocabulary
            space = known.encode([" "])[0] if " " in known else None
            return windows.searched_in_order(
                reading, options, self.searcher.search, limits=self._bundle.limits, space=space
            )
        return windows.combined([next(found) for _ in reading.windows], options)

    def _answer(
        self,
        source: str,
        features: str,
        reading: Reading,
        chains: Sequence[windows.Chain],
        options: Options,
        factor: float | None,
    ) -> Answer:
        found = [self._hypothesis(chain, reading, options) for chain in chains]
        flags = [Flag.UNKNOWN + symbol for symbol in spelled(reading.unknown)]
        if len(reading.windows) > 1:
            flags.append(f"{Flag.WINDOWS}{len(reading.windows)}")
        if not found:
            flags.append(Flag.REFUSED)
            return Answer(source=source, features=features, hypotheses=[], flags=tuple(flags))
        if not found[0].finished:
            flags.append(Flag.CUT)
        if self._bundle.target.model and repetition.repeats(found[0].text, found[0].tokens, source):
            flags.append(Flag.REPEATS)
        confidence = None if factor is None else self.confidence.of(found[0].log_probs, factor)
        if confidence is not None and confidence < options.min_confidence:
            flags.append(Flag.UNSURE)
        return Answer(source=source, features=features, hypotheses=found, flags=tuple(flags), confidence=confidence)

    def _hypothesis(self, chain: windows.Chain, reading: Reading, options: Options) -> Hypothesis:
        # Where the windows depend on each other, an insertion could exceed the maximum length of the whole.
        copy_unknown = options.unknown == Unknown.COPY and chain.spaces is None
        parts = []
        for candidate, window in zip(chain.parts, reading.windows, strict=True):
            part = self.decoded(candidate, reading, window, copy_unknown=copy_unknown)
            if copy_unknown and options.max_length is not None and len(part.tokens) > options.max_length:
                part = self.decoded(candidate, reading, window)
            parts.append(part)
        return hypotheses.concatenated(parts, reading, self._bundle.target, spaces=chain.spaces)

    def decoded(
        self, candidate: search.Candidate, reading: Reading, window: Window, *, copy_unknown: bool = False
    ) -> Hypothesis:
        """Return a candidate as text."""
        n_masked = self.searcher.n_masked(window.ids)
        return hypotheses.from_candidate(
            candidate, reading, window, self._bundle.target, n_masked=n_masked, copy_unknown=copy_unknown
        )
