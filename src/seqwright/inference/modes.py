"""Options by mode: beam search, sampling and scoring; and caps on them.

`Options` has all of them; a mode has only those that it uses, so that none is ignored.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from seqwright.errors import UsageError
from seqwright.inference import checks
from seqwright.inference.dictionary import Dictionary
from seqwright.inference.options import Options, Unknown
from seqwright.search import automaton

__all__ = ["AnyOptions", "BeamSearch", "Caps", "Sampling", "Scoring", "as_options", "merged_options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answering:
    """Options of both beam search and sampling."""

    constraint: automaton.Automaton | None = None
    dictionary: Dictionary | None = None
    lexicon: bool = True
    min_confidence: float = 0.0
    min_length: int | None = None
    max_length: int | None = None
    unknown: Unknown | str = Unknown.KEEP
    fold_case: bool = False
    max_source_tokens: int | None = None
    max_batch_tokens: int = 16_384

    def __post_init__(self) -> None:
        _joint(self)  # which checks the values


@checks.known_names
@dataclass(frozen=True, slots=True, kw_only=True)
class BeamSearch(_Answering):
    """Beam search for the most likely targets.

    Parameters
    ----------
    beam : int, default 5
        Hypotheses kept at each step; 1 is greedy search.
    n_best : int, default 1
        Hypotheses returned; at least as many are kept.
    groups : int, default 1
        Groups of diverse beam search, see `search.beam`.
    diversity : float, default 0.5
        Penalty for symbols that earlier groups have chosen.
    length_norm : float, optional
        Exponent of the length by which scores are divided; by default 1, or 0 with a length penalty.
    length_penalty, coverage_penalty : float, default 0
        See `search.Ranking`.
    constraint : Automaton, optional
        The allowed targets, see `Translator.constraint`.
    dictionary : Dictionary, optional
        Sources in it are answered from it; cannot be combined with a constraint or lengths.
    lexicon : bool, default True
        Answer sources in the model's lexicon, if it has one, from it, if the constraint and the lengths allow it.
    min_confidence : float, default 0
        The text of an answer with less confidence is empty; needs a calibrated model.
    min_length, max_length : int, optional
        Bounds on the number of target tokens; by default bounds from the training data, see `data.limits`.
    unknown : {"keep", "copy", "drop", "error"}, default "keep"
        Treatment of source symbols that are not in the vocabulary, see `Unknown`.
    fold_case : bool, default False
        Read a source in lower or upper case if more of its symbols are known then.
    max_source_tokens : int, optional
        Split longer sources into windows; by default twice the longest training source, at least 50.
    max_batch_tokens : int, default 16384
        Tokens, including padding, of the sources that are searched together. A search keeps at most 4 KiB for each
        besides the encoder's states, unless a single source needs more.

    Raises
    ------
    UsageError
        If a value is out of range, a name is unknown, or options contradict each other.
    """

    beam: int = 5
    n_best: int = 1
    groups: int = 1
    diversity: float = 0.5
    length_norm: float | None = None
    length_penalty: float = 0.0
    coverage_penalty: float = 0.0


@checks.known_names
@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling(_Answering):
    """Sampling of targets.

    Parameters
    ----------
    n_best : int, default 1
        Samples for each source, returned best first.
    temperature : float, default 1
        Values below 1 make likely symbols more likely.
    top_k : int, default 0
        Sample from the k most likely symbols; 0 is all.
    top_p : float, default 1
        Sample from the most likely symbols of this total probability.
    seed : int, default 1
        With the same seed a source gets the same answers.
    constraint : Automaton, optional
        The allowed targets, see `Translator.constraint`.
    dictionary : Dictionary, optional
        Sources in it are answered from it; cannot be combined with a constraint or lengths.
    lexicon : bool, default True
        Answer sources in the model's lexicon, if it has one, from it, if the constraint and the lengths allow it.
    min_confidence : float, default 0
        The text of an answer with less confidence is empty; needs a calibrated model.
    min_length, max_length : int, optional
        Bounds on the number of target tokens; by default bounds from the training data, see `data.limits`.
    unknown : {"keep", "copy", "drop", "error"}, default "keep"
        Treatment of source symbols that are not in the vocabulary, see `Unknown`.
    fold_case : bool, default False
        Read a source in lower or upper case if more of its symbols are known then.
    max_source_tokens : int, optional
        Split longer sources into windows; by default twice the longest training source, at least 50.
    max_batch_tokens : int, default 16384
        Tokens, including padding, of the sources that are searched together. A search keeps at most 4 KiB for each
        besides the encoder's states, unless a single source needs more.

    Raises
    ------
    UsageError
        If a value is out of range, a name is unknown, or options contradict each other.
    """

    n_best: int = 1
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 1


@checks.known_names
@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """Scoring of given targets.

    Parameters
    ----------
    length_norm : float, optional
        Exponent of the length by which scores are divided; by default 1, or 0 with a length penalty.
    length_penalty, coverage_penalty : float, default 0
        See `search.Ranking`.
    max_batch_tokens : int, default 16384
        Tokens, including padding, of the pairs that are scored together.

    Raises
    ------
    UsageError
        If a value is out of range, a name is unknown, or options contradict each other.
    """

    length_norm: float | None = None
    length_penalty: float = 0.0
    coverage_penalty: float = 0.0
    max_batch_tokens: int = 16_384

    def __post_init__(self) -> None:
        _joint(self)  # which checks the values


AnyOptions = Options | BeamSearch | Sampling | Scoring


def as_options(given: AnyOptions | None, *, scoring: bool = False) -> Options:
    """Return options of any mode as `Options`.   UsageError: options of another mode, or something else.

    scoring: whether they are for scoring; otherwise they are for answering.
    """
    if given is None:
        return Options()
    if isinstance(given, Options):
        return given
    if not isinstance(given, _Answering | Scoring):
        raise UsageError(f"options are {given!r}: expected Options, BeamSearch, Sampling or Scoring")
    if scoring != isinstance(given, Scoring):
        mode = "scoring" if isinstance(given, Scoring) else "answering"
        raise UsageError(f"{type(given).__name__} is for {mode}; {'score' if scoring else 'answer'} with other options")
    return _joint(given)


def merged_options(options: AnyOptions | None, beam: int | None, n_best: int | None) -> Options:
    """Return the options with the given beam and n_best, which have precedence."""
    given: dict[str, Any] = {k: v for k, v in (("beam", beam), ("n_best", n_best)) if v is not None}
    if options is None:
        return Options(**given)
    options = as_options(options)
    return dataclasses.replace(options, **given) if given else options


def _joint(given: _Answering | Scoring) -> Options:
    values = {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
    return Options(sampling=isinstance(given, Sampling), **values)


@checks.known_names
@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Upper bounds on options that come from others, such as the clients of a server.

    A search keeps `beam * max_length` symbols and, with attention, as many weights for each source token.

    Parameters
    ----------
    beam, n_best, max_length, max_source_tokens, max_batch_tokens : int
        Maximum of each option.
    source_characters : int
        Maximum length of a source.
    sources : int
        Maximum number of sources of a call.
    """

    beam: int = 64
    n_best: int = 64
    max_length: int = 4096
    max_source_tokens: int = 4096
    max_batch_tokens: int = 65_536
    source_characters: int = 100_000
    sources: int = 10_000

    def __post_init__(self) -> None:
        checks.whole(self, {field.name: 1 for field in dataclasses.fields(self)})

    def check(self, options: AnyOptions | None = None, sources: list[str] | tuple[str, ...] = ()) -> None:
        """Check options and sources against the caps.

        Parameters
        ----------
        options : Options, BeamSearch, Sampling or Scoring, optional
            The options.
        sources : list or tuple of str
            The sources.

        Raises
        ------
        UsageError
            If an option is above its cap, or there are too many or too long sources.
        """
        given = as_options(options, scoring=isinstance(options, Scoring))
        for name in ("beam", "n_best", "max_length", "max_source_tokens", "max_batch_tokens"):
            value, most = getattr(given, name), getattr(self, name)
            if value is not None and value > most:
                raise UsageError(f"{name} = {value}: at most {most} here")
        if (given.min_length or 0) > self.max_length:
            raise UsageError(f"min_length = {given.min_length}: at most {self.max_length} here")
        if given.width > max(self.beam, self.n_best):
            raise UsageError(f"groups = {given.groups}: they keep {given.width} hypotheses, at most {self.beam} here")
        if len(sources) > self.sources:
            raise UsageError(f"{len(sources):,} sources: at most {self.sources:,} here")
        for i, source in enumerate(sources):
            if len(source) > self.source_characters:
                raise UsageError(
                    f"sources[{i}] has {len(source):,} characters: at most {self.source_characters:,} here"
                )
