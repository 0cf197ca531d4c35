"""Options by mode: those of a beam search, of sampling and of scoring, and bounds on them.

`Options` has all of them in one; here each mode has those that mean something to it, so that none is ignored.
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
    """What holds however an answer is found; see `Options`."""

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
    """Search the best answers; see `Options` for what each option means.

    Parameters
    ----------
    beam : int, default 5
        Hypotheses kept at each step; 1 is greedy search.
    n_best : int, default 1
        Hypotheses returned; at least so many are kept.
    groups, diversity
        Of diverse beam search.
    length_norm, length_penalty, coverage_penalty
        What finished hypotheses are ranked by.

    Raises
    ------
    UsageError
        If a value is out of its range, a name is unknown, or options contradict each other.
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
    """Draw answers at random; see `Options` for what each option means.

    Parameters
    ----------
    n_best : int, default 1
        Answers drawn for each source, returned best first.
    temperature : float, default 1
        Below 1 likely symbols are drawn more often.
    top_k : int, default 0
        Draw from the k likeliest symbols; 0 is all.
    top_p : float, default 1
        Draw from the likeliest symbols of this total probability.
    seed : int, default 1
        The same seed gives the same answers.

    Raises
    ------
    UsageError
        If a value is out of its range, a name is unknown, or options contradict each other.
    """

    n_best: int = 1
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 1


@checks.known_names
@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """Score given targets; see `Options` for what each option means.

    Raises
    ------
    UsageError
        If a value is out of its range, or a name is unknown.
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
    """Upper bounds on options, for whoever takes them from others, such as a server.

    A search keeps `beam * max_length` symbols and, with attention, as many weights for each source token.

    Parameters
    ----------
    beam, n_best, max_length, max_source_tokens, max_batch_tokens : int
        The greatest value that each option may have.
    source_characters : int
        Of one source.
    sources : int
        Of one call.
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
        """Raise UsageError for an option above its cap, and for too many or too long sources."""
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
