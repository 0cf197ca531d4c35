"""A loaded model that turns text into text.

Not a trainer and not a reader of files. One `Translator` serves any number of threads: they share its weights, which
nothing changes, and each call works in memory of its own.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from seqwright import bundle as bundles
from seqwright import search
from seqwright.data import batches, text, vocabulary
from seqwright.errors import ConstraintError, ModelError, UsageError
from seqwright.inference import (
    Answer,
    Hypothesis,
    Options,
    arguments,
    calibration,
    constraints,
    familiarity,
    reading,
    repetition,
    told,
    windows,
)
from seqwright.inference.answer import Flag, Link, spelled
from seqwright.inference.dictionary import Dictionary
from seqwright.inference.modes import AnyOptions, BeamSearch, Caps, Sampling, Scoring, as_options
from seqwright.inference.options import Unknown
from seqwright.models.inference import Inference
from seqwright.search import automaton
from seqwright.types import Ids

__all__ = [
    "Answer",
    "BeamSearch",
    "Caps",
    "Hypothesis",
    "Options",
    "Sampling",
    "Scoring",
    "Translator",
    "load",
]

BATCH_SOURCES = 128
KEPT = 1024  # numbers for each of max_batch_tokens that a search keeps of where its hypotheses looked


class Translator:
    """A model in memory; `seqwright.load` makes one from a model directory."""

    def __init__(self, bundle: bundles.Bundle) -> None:
        self.bundle = bundle
        self._networks = [Inference(network, int8=bundle.int8) for network in bundle.build()]
        self._target = told.Target(bundle.target_format, bundle.target_vocabulary)
        self._calibration, self._table = _calibration(bundle)
        self._drops_unknown_features = _drops_unknown_features(bundle)
        self._lexicon = None
        if bundle.lexicon:
            self._lexicon = Dictionary(bundle.lexicon, bundle.source_format, bundle.target_format)

    def __reduce__(self) -> tuple[type[Translator], tuple[bundles.Bundle]]:
        return Translator, (self.bundle,)  # packed weights are of one process

    def __repr__(self) -> str:
        config, limits = self.bundle.config, self.bundle.limits
        sizes = (
            f"{len(self.bundle.source_vocabulary.symbols):,} to {len(self.bundle.target_vocabulary.symbols):,} symbols"
        )
        n = sum(array.size for array in self.bundle.weights.values())
        members = f", {len(self._networks)} networks" if len(self._networks) > 1 else ""
        scores = self.bundle.manifest.get("scores") or {}
        accuracy = scores.get("dev_accuracy") if isinstance(scores, dict) else None
        said = "" if accuracy is None else f", dev accuracy {accuracy:.1f} %"
        return (
            f"<Translator of {sizes}, {n:,} parameters{members}, attention {config.model.attention}, "
            f"{'8 bits' if self.bundle.int8 else 'float32'}, windows of {limits.window} tokens{said}>"
        )

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model to a directory, which `seqwright.load` reads.

        Parameters
        ----------
        path : str or Path
            The directory, which is made.
        overwrite : bool, default False
            Replace a model that is there.

        Raises
        ------
        UsageError
            If the directory exists and is not to be overwritten.
        OutputError
            If it cannot be written.
        """
        if not overwrite and Path(path).exists() and any(Path(path).iterdir() if Path(path).is_dir() else [path]):
            raise UsageError(f"{path} exists already; choose another path, or pass overwrite=True")
        bundles.save(Path(path), self.bundle)

    def predict(
        self,
        sources: Sequence[str],
        *,
        features: Sequence[str] | None = None,
        beam: int | None = None,
        n_best: int | None = None,
        options: AnyOptions | None = None,
    ) -> list[list[Hypothesis]]:
        """Return for each source its n_best answers, best first; fewer where the search found fewer.

        features: the features column of each source (`V;PST`).   beam: hypotheses kept at each step (5 if not given); 1
        is greedy, and at least n_best (1 if not given) are kept. They go before those of the options.
        An answer does not depend on the other sources.
        """
        asked = _with(options, beam, n_best)
        return [answer.hypotheses for answer in self._answers(sources, features, asked, confident=False)]

    def predict_iter(
        self,
        sources: Iterable[str],
        *,
        features: Iterable[str] | None = None,
        beam: int | None = None,
        n_best: int | None = None,
        options: AnyOptions | None = None,
        chunk: int = 512,
    ) -> Iterator[list[Hypothesis]]:
        """Yield what `predict` returns, in order, reading `chunk` sources ahead: any number in constant memory."""
        asked = _with(options, beam, n_best)
        arguments.not_one_text(sources, "sources")
        if features is not None:
            arguments.not_one_text(features, "features")
        if chunk < 1:
            raise UsageError(f"chunk = {chunk}: expected at least 1")

        def answers() -> Iterator[list[Hypothesis]]:
            rows = arguments.paired(sources, features)
            while some := list(itertools.islice(rows, chunk)):
                texts, tags = [s for s, _ in some], [f for _, f in some]
                for answer in self._answers(texts, tags, asked, confident=False):
                    yield answer.hypotheses

        return answers()

    def score(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        *,
        features: Sequence[str] | None = None,
        options: AnyOptions | None = None,
    ) -> list[Answer]:
        """Return a record for each pair with what the model says of its target: score, log-probabilities, alignment.

        A target with a symbol that the model never says has score -inf and a flag that names it. Nothing is cut.
        Only the ranking and max_batch_tokens of the options count.
        """
        options = as_options(options, scoring=True)
        sources = arguments.texts(sources, "sources")
        targets = arguments.texts(targets, "targets", len(sources))
        given = [""] * len(sources) if features is None else arguments.texts(features, "features", len(sources))
        bundle = self.bundle
        readings = [
            self._read(source, f, max_tokens=max(len(source), 1) * 64) for source, f in zip(sources, given, strict=True)
        ]
        encoded = [one.windows[0].ids for one in readings]
        tokens = [bundle.target_format.split(target) for target in targets]
        ids = [self._target_ids(some, one) for some, one in zip(tokens, readings, strict=True)]
        records: list[Answer] = [Answer(source="", hypotheses=[])] * len(sources)
        for index in _portions([len(s) + len(t) for s, t in zip(encoded, ids, strict=True)], options.max_batch_tokens):
            padded, lengths = batches.pad([encoded[i] for i in index])
            found = self._sources(padded, lengths).forced(
                [ids[i] for i in index], start_id=vocabulary.START, end_id=vocabulary.END,
                source_lengths=self._networks[0].memory_lengths(padded, lengths), ranking=options.ranking,
            )  # fmt: skip
            for i, candidate in zip(index, found, strict=True):
                hypothesis = self._hypothesis(candidate, readings[i], readings[i].windows[0])
                never = [token for token, symbol in zip(tokens[i], ids[i], strict=True) if symbol == vocabulary.PAD]
                flags = [Flag.UNKNOWN + symbol for symbol in spelled(readings[i].unknown)]
                flags += [Flag.UNKNOWN_TARGET + symbol for symbol in spelled(never)]
                said = hypothesis._replace(text=targets[i], tokens=tokens[i])
                records[i] = Answer(source=sources[i], features=given[i], hypotheses=[said], flags=tuple(flags))
        return records

    def _target_ids(self, tokens: Sequence[str], read: reading.Reading) -> list[int]:
        """Return the ids of a target of what was read; PAD for a token that the model neither says nor copies."""
        copied = read.unknown if self.bundle.config.model.copying else []
        encoded = zip(tokens, self.bundle.target_vocabulary.encode(tokens), strict=True)
        return [
            vocabulary.PAD if symbol == vocabulary.UNKNOWN and token not in copied else symbol
            for token, symbol in encoded
        ]

    def align(
        self, sources: Sequence[str], targets: Sequence[str], *, features: Sequence[str] | None = None
    ) -> list[list[Link]]:
        """Return the links of each pair: the source token that each target token looked at most, from 0.

        UsageError: the model has no attention.
        """
        if self.bundle.config.model.attention == "none":
            raise UsageError("alignment needs a model with attention; train one with model.attention=bilinear")
        return [answer.hypotheses[0].links or [] for answer in self.score(sources, targets, features=features)]

    def constraint(
        self,
        *,
        prefix: str = "",
        allow: str | None = None,
        one_of: Iterable[str] | None = None,
        pattern: str | None = None,
        min_length: int = 0,
    ) -> automaton.Automaton | None:
        """Return the set of answers that meet all that is given, to search in again and again; see `constraints.build`.

        ConstraintError: nothing does.
        """
        if one_of is not None:
            one_of = arguments.texts(one_of, "one_of")
        return constraints.build(
            self.bundle.target_format, self.bundle.target_vocabulary, prefix=prefix, allow=allow, one_of=one_of,
            pattern=pattern, min_length=min_length,
        )  # fmt: skip

    def answer(
        self, sources: Sequence[str], *, features: Sequence[str] | None = None, options: AnyOptions | None = None
    ) -> list[Answer]:
        """Return a record for each source, in order. An answer does not depend on the other sources.

        A source of more tokens than `options.max_source_tokens` (where that is None: twice the longest source of the
        training, at least 50) is cut into windows, after a space where there is one; see `inference.windows`. The
        constraint, lengths and n_best hold for the whole answer.
        UsageError: options that this model cannot follow.
        """
        return self._answers(sources, features, as_options(options), confident=True)

    def _answers(
        self, sources: Sequence[str], features: Sequence[str] | None, options: Options, *, confident: bool
    ) -> list[Answer]:
        """Return what `answer` does.   confident: False leaves the confidence out, for those who do not need it."""
        self.check(options)
        sources = arguments.texts(sources, "sources")
        given = [""] * len(sources) if features is None else arguments.texts(features, "features", len(sources))
        bundle = self.bundle
        read = [self._folded(source) for source in sources] if options.fold_case else sources
        most = options.max_source_tokens or bundle.limits.window
        drop = options.unknown == Unknown.DROP
        readings = [
            self._read(source, f, max_tokens=most, drop_unknown=drop) for source, f in zip(read, given, strict=True)
        ]
        known = [
            self._known(source, f, options) or (self._known(as_read, f, options) if as_read != source else [])
            for source, as_read, f in zip(sources, read, given, strict=True)
        ]
        readings = [one._replace(windows=[]) if known[i] else one for i, one in enumerate(readings)]
        if options.unknown == Unknown.ERROR:
            readings = [one._replace(windows=[]) if one.unknown else one for one in readings]
        empty = [self._answers_empty(one, options) for one in readings]
        readings = [one._replace(windows=[]) if empty[i] else one for i, one in enumerate(readings)]
        carries = windows.must_be_carried(options)
        independent = [one.windows for one in readings if len(one.windows) == 1 or not carries]
        found = iter(self._search([window.ids for some in independent for window in some], options))
        familiar = self._familiar(readings) if confident else [None] * len(readings)
        return [
            _looked_up(source, f, entries[: options.n_best])
            if entries
            else self._empty(source, f, one)
            if is_empty
            else self._answer(source, f, one, self._chains(one, found, options), options, share)
            for source, f, one, entries, is_empty, share in zip(
                sources, given, readings, known, empty, familiar, strict=True
            )
        ]

    def _familiar(self, readings: Sequence[reading.Reading]) -> Sequence[float | None]:
        """Return by how much the confidence in the answer to each source is lowered; None: there is none."""
        if self._calibration is None or not readings:
            return [None] * len(readings)
        familiarity, table = self._calibration.familiarity, self._table
        if familiarity is None or table is None:
            return [1.0] * len(readings)
        ids = [[*self.bundle.source_vocabulary.encode(one.tokens), vocabulary.END] for one in readings]
        n_features = np.array([sum(map(text.is_feature, one.unknown)) for one in readings], np.int32)
        lengths = np.array([len(some) - 1 for some in ids], np.int32)
        return [float(share) for share in familiarity.usual(table.surprises(ids), lengths, n_features)]

    def _empty(self, source: str, features: str, read: reading.Reading) -> Answer:
        """Return the empty answer, which is certain unless symbols were dropped."""
        hypothesis = Hypothesis("", [], 0.0, [0.0], True, None)
        if self.bundle.config.model.attention != "none":
            alignment = np.zeros((1, len(read.features) + len(read.tokens) + 1), np.float32)
            alignment[0, -1] = 1
            hypothesis = hypothesis._replace(alignment=alignment, links=[])
        flags = [*(Flag.UNKNOWN + symbol for symbol in spelled(read.unknown)), Flag.EMPTY]
        confidence = 1.0 if all(token.isspace() for token in read.tokens) else 0.0
        return Answer(
            source=source, features=features, hypotheses=[hypothesis], flags=tuple(flags), confidence=confidence
        )

    def _answers_empty(self, read: reading.Reading, options: Options) -> bool:
        """Return whether there is nothing in a source to answer: no token, or none but unknown spaces or dropped ones.

        A constraint that has no empty answer, and a least length that is given, are stronger.
        """
        if not self.bundle.limits.empty_answers_empty or len(read.windows) != 1 or options.min_length:
            return False
        if options.constraint is not None and [] not in options.constraint:
            return False
        known = self.bundle.source_vocabulary
        return not read.windows[0].places or all(token.isspace() and token not in known for token in read.tokens)

    def _folded(self, source: str) -> str:
        return reading.folded(source, self.bundle.source_format, self.bundle.source_vocabulary)

    def _read(self, source: str, features: str, *, max_tokens: int, drop_unknown: bool = False) -> reading.Reading:
        return reading.read(
            source, features, self.bundle.source_format, self.bundle.source_vocabulary, max_tokens=max_tokens,
            drop_unknown=drop_unknown, drop_unknown_features=self._drops_unknown_features,
        )  # fmt: skip

    def _chains(
        self, read: reading.Reading, found: Iterator[list[search.Candidate]], options: Options
    ) -> list[windows.Chain]:
        """Return the n_best answers to a source, of those found for its windows if these are independent."""
        if len(read.windows) > 1 and windows.must_be_carried(options):
            known = self.bundle.target_vocabulary
            space = known.encode([" "])[0] if " " in known else None
            return windows.carried(read, options, self._search, limits=self.bundle.limits, space=space)
        return windows.combined([next(found) for _ in read.windows], options)

    def _known(self, source: str, features: str, options: Options) -> list[tuple[str, list[str]]]:
        """Return the answers to a source that stand in a dictionary or the model's own lexicon, as text and tokens."""
        if options.dictionary is not None and (found := options.dictionary.look_up(source, features)):
            return found
        if self._lexicon is None or not options.lexicon:
            return []
        return [
            (said, tokens) for said, tokens in self._lexicon.look_up(source, features) if self._meets(tokens, options)
        ]

    def _meets(self, tokens: Sequence[str], options: Options) -> bool:
        """Return whether an answer that was not searched meets the constraint and the lengths that are asked for."""
        most = len(tokens) if options.max_length is None else options.max_length
        if not (options.min_length or 0) <= len(tokens) <= most:
            return False
        return options.constraint is None or self.bundle.target_vocabulary.encode(tokens) in options.constraint

    def source_tokens(self, source: str, features: str = "") -> list[str]:
        """Return what the model reads a source as: its features, then its tokens."""
        names = reading.feature_symbols(features, self.bundle.source_vocabulary)
        return [*names, *self.bundle.source_format.split(source)]

    def unknown(self, source: str, features: str = "", *, fold_case: bool = False) -> list[str]:
        """Return the symbols of a source and its features that the model has never seen, in order.

        fold_case: see `Options`.
        """
        if fold_case:
            source = self._folded(source)
        return self.bundle.source_vocabulary.unknown(self.source_tokens(source, features))

    def check(self, options: AnyOptions) -> None:
        """Raise UsageError for options that this model cannot follow, as answering would."""
        options = as_options(options)
        if options.unknown == Unknown.COPY and self.bundle.config.model.attention == "none":
            raise UsageError("unknown = copy needs a model with attention, which says where a symbol went; choose keep")
        if options.min_confidence and not self._calibration:
            raise UsageError("min_confidence needs a model that was calibrated on dev data; train it again")
        if options.coverage_penalty and self.bundle.config.model.attention == "none":
            raise UsageError("coverage_penalty needs a model with attention, which says what an answer covers")
        if options.constraint and options.constraint.n_symbols > len(self.bundle.target_vocabulary):
            raise UsageError("the constraint was made for another model; make it with this one's `constraint`")
        if options.constraint and options.unknown == Unknown.COPY:
            raise UsageError("unknown = copy may put symbols into an answer that the constraint forbids; choose keep")
        if options.constraint and options.constraint.shortest < (options.min_length or 0):
            raise UsageError(
                f"the constraint allows answers of {options.constraint.shortest} tokens, min_length is "
                f"{options.min_length}; give min_length to `constraint`, too"
            )
        if options.constraint and options.max_length is not None:
            needed = options.constraint.shortest
            if needed > options.max_length:
                raise ConstraintError(f"the constraints need {needed} tokens, max_length is {options.max_length}")

    def _search(self, sources: Sequence[Sequence[int]], options: Options) -> list[list[search.Candidate]]:
        """Return the candidates of each source, in order, searching sources of like length together."""
        found: list[list[search.Candidate]] = [[] for _ in sources]
        lengths = [len(ids) for ids in sources]
        _, most = self._lengths(lengths, options)
        steps = [options.width * (n + 1) for n in most.tolist()]
        for index in _portions(lengths, options.max_batch_tokens, steps):
            for i, candidates in zip(index, self._search_portion([sources[i] for i in index], options), strict=True):
                found[i] = candidates[: options.n_best]  # the others' attention is not to wait for the last portion
        return found

    def _search_portion(self, sources: Sequence[Sequence[int]], options: Options) -> list[list[search.Candidate]]:
        padded, lengths = batches.pad(sources)
        least, most = self._lengths(lengths, options)
        rules = search.Rules(
            vocabulary.START, vocabulary.END, most, None if options.constraint else least,
            self._networks[0].memory_lengths(padded, lengths), options.ranking, options.constraint,
        )  # fmt: skip
        following: dict[str, Any] = {
            "width": options.width, "groups": options.groups, "diversity": options.diversity,
        }  # fmt: skip
        drawing: dict[str, Any] = {
            "n": options.n_best, "temperature": options.temperature, "top_k": options.top_k, "top_p": options.top_p,
            "rngs": [np.random.default_rng([options.seed, *source]) for source in sources] if options.sampling else [],
        }  # fmt: skip
        if options.sampling:
            return self._sources(padded, lengths).sample(rules, **drawing)
        return self._sources(padded, lengths).beam(rules, **following)

    def _lengths(self, source_lengths: Sequence[int] | Ids, options: Options) -> tuple[Ids, Ids]:
        """Return the fewest and the most tokens of each answer; a bound that nobody asked for gives way."""
        limits, B = self.bundle.limits, len(source_lengths)
        if options.min_length is None:
            least = np.array([limits.min_length(int(n)) for n in source_lengths], np.int32)
        else:
            least = np.full(B, options.min_length, np.int32)
        if options.max_length is not None:
            return np.minimum(least, options.max_length), np.full(B, options.max_length, np.int32)
        needed = options.constraint.shortest if options.constraint else 0
        most = np.array([limits.max_length(int(n)) for n in source_lengths], np.int32)
        return least, np.maximum(np.maximum(most, least), np.int32(needed))

    def _sources(self, padded: Ids, lengths: Ids) -> search.run.Sources:
        return search.run.Sources(self._networks, padded, lengths, vocabulary.NEVER_ANSWERED)

    def _answer(
        self,
        source: str,
        features: str,
        read: reading.Reading,
        chains: Sequence[windows.Chain],
        options: Options,
        familiar: float | None,
    ) -> Answer:
        hypotheses = []
        for chain in chains:
            copies = options.unknown == Unknown.COPY and chain.spaces is None  # else no part may become longer
            parts = [
                self._hypothesis(candidate, read, window, copy_unknown=copies, max_length=options.max_length)
                for candidate, window in zip(chain.parts, read.windows, strict=True)
            ]
            one = parts[0] if len(parts) == 1 else told.joined(parts, read, self._target, spaces=chain.spaces)
            hypotheses.append(one)
        flags = [Flag.UNKNOWN + symbol for symbol in spelled(read.unknown)]
        if len(read.windows) > 1:
            flags.append(f"{Flag.WINDOWS}{len(read.windows)}")
        if not hypotheses:
            flags.append(Flag.REFUSED)
        elif not hypotheses[0].finished:
            flags.append(Flag.CUT)
        if (
            hypotheses
            and self.bundle.target_subwords
            and repetition.repeats(hypotheses[0].text, hypotheses[0].tokens, source)
        ):
            flags.append(Flag.REPEATS)
        confidence = None
        if hypotheses and self._calibration and familiar is not None:
            confidence = familiar * self._calibration.confidence(hypotheses[0].log_probs)
            if confidence < options.min_confidence:
                flags.append(Flag.UNSURE)
        return Answer(
            source=source, features=features, hypotheses=hypotheses, flags=tuple(flags), confidence=confidence
        )

    def _hypothesis(
        self,
        candidate: search.Candidate,
        read: reading.Reading,
        window: reading.Window,
        *,
        copy_unknown: bool = False,
        max_length: int | None = None,
    ) -> Hypothesis:
        n_unseen = 0
        if self._networks[0].model.feature_mask is not None:
            [n_seen] = self._networks[0].memory_lengths(*batches.pad([window.ids])).tolist()
            n_unseen = len(window.ids) - n_seen
        found = told.hypothesis(candidate, read, window, self._target, n_unseen=n_unseen, copy_unknown=copy_unknown)
        if not copy_unknown or max_length is None or len(found.tokens) <= max_length:
            return found
        return told.hypothesis(candidate, read, window, self._target, n_unseen=n_unseen, copy_unknown=False)


def load(path: str | Path) -> Translator:
    """Return the model of a directory that `seqwright train` wrote.   ModelError: it is not a whole one."""
    return Translator(bundles.load(Path(path)))


def _calibration(bundle: bundles.Bundle) -> tuple[calibration.Calibration | None, familiarity.Table | None]:
    """Return the calibration in a model's manifest, if there is one, and its n-grams.   ModelError: it is none."""
    if "calibration" not in bundle.manifest:
        return None, None
    try:
        found = msgspec.convert(bundle.manifest["calibration"], calibration.Calibration)
        return found, found.familiarity.table() if found.familiarity else None
    except (msgspec.ValidationError, ValueError) as error:
        raise ModelError(f"manifest.json: damaged (calibration: {error}); restore it from a copy") from None


def _drops_unknown_features(bundle: bundles.Bundle) -> bool:
    """Return whether the model must not read features that it does not know.

    One without an id for them would take UNKNOWN for a symbol of the word, which a model that copies spells out.
    """
    model = bundle.config.model
    return text.UNKNOWN_FEATURE not in bundle.source_vocabulary and bool(model.copying or model.sum_features)


def _looked_up(source: str, features: str, entries: Sequence[tuple[str, list[str]]]) -> Answer:
    """Return known answers as certain ones: their log-probabilities are 0."""
    found = [Hypothesis(said, tokens, 0.0, [0.0] * (len(tokens) + 1), True, None) for said, tokens in entries]
    return Answer(source=source, features=features, hypotheses=found, flags=(Flag.LEXICON,), confidence=1.0)


def _with(options: AnyOptions | None, beam: int | None, n_best: int | None) -> Options:
    options = as_options(options)
    return dataclasses.replace(
        options,
        beam=options.beam if beam is None else beam,
        n_best=options.n_best if n_best is None else n_best,
    )


def _portions(lengths: Sequence[int], max_tokens: int, steps: Sequence[int] | None = None) -> Iterable[list[int]]:
    """Yield the indices of all sources in portions of like length, bounded in number and in padded size.

    steps: how many symbols of each source's hypotheses are kept, with where each looked.
    """
    portion: list[int] = []
    most = 0
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):  # so the last of a portion is its longest
        tokens, most = (len(portion) + 1) * lengths[i], max(most, steps[i] if steps else 0)
        if portion and (len(portion) == BATCH_SOURCES or tokens > max_tokens or tokens * most > KEPT * max_tokens):
            yield portion
            portion, most = [], steps[i] if steps else 0
        portion.append(i)
    if portion:
        yield portion
