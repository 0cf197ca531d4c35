"""Settings of inference."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seqwright.errors import UsageError
from seqwright.inference import checks
from seqwright.inference.dictionary import Dictionary
from seqwright.search import Ranking, automaton

__all__ = ["Options", "Unknown"]


class Unknown(StrEnum):
    """Treatment of source symbols that are not in the vocabulary."""

    KEEP = "keep"  # read as the unknown symbol, which a model with a copy gate may copy
    COPY = "copy"  # as keep, and symbols that are not copied are inserted by attention, see `copying`
    DROP = "drop"  # left out of the source
    ERROR = "error"  # the source has no answer


@checks.known_names
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of inference, for every mode; `BeamSearch`, `Sampling` and `Scoring` have those of one mode.

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
        Exponent of the length by which scores are divided, at most 20; by default 1, or 0 with a length penalty.
    length_penalty, coverage_penalty : float, default 0
        See `search.Ranking`; a length penalty is at most 20.
    sampling : bool, default False
        Sample n_best answers instead of searching for the best ones, see `search.sample`.
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

    beam: int = 5
    n_best: int = 1
    groups: int = 1
    diversity: float = 0.5
    length_norm: float | None = None
    length_penalty: float = 0.0
    coverage_penalty: float = 0.0
    min_length: int | None = None
    max_length: int | None = None
    sampling: bool = False
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 1
    constraint: automaton.Automaton | None = None
    dictionary: Dictionary | None = None
    lexicon: bool = True
    min_confidence: float = 0.0
    unknown: Unknown | str = Unknown.KEEP
    fold_case: bool = False
    max_source_tokens: int | None = None
    max_batch_tokens: int = 16_384

    def __post_init__(self) -> None:
        checks.whole(self, {"beam": 1, "n_best": 1, "groups": 1, "max_source_tokens": 1, "max_batch_tokens": 1,
                            "min_length": 0, "max_length": 0, "top_k": 0, "seed": 0})  # fmt: skip
        checks.numbers_(self, {"length_penalty": 0, "coverage_penalty": 0, "diversity": 0, "length_norm": None,
                              "temperature": 0, "top_p": 0, "min_confidence": 0})  # fmt: skip
        checks.exponents(self, ("length_norm", "length_penalty"))
        if not self.temperature > 0:
            raise UsageError(f"temperature = {self.temperature}: expected more than 0; a beam of 1 takes the likeliest")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"top_p = {self.top_p}: expected more than 0 and at most 1")
        if not 0 <= self.min_confidence <= 1:
            raise UsageError(f"min_confidence = {self.min_confidence}: expected at least 0 and at most 1")
        if self.unknown not in list(Unknown):
            raise UsageError(f"unknown = {self.unknown}: expected one of {', '.join(Unknown)}")
        self._check_together()

    def _check_together(self) -> None:
        """Raise UsageError for options that contradict each other."""
        if self.dictionary is not None and (
            self.constraint is not None or self.min_length or self.max_length is not None
        ):
            raise UsageError("the answers of a dictionary may violate constraints and lengths; choose one")
        if self.max_length is not None and (self.min_length or 0) > self.max_length:
            raise UsageError(f"min_length = {self.min_length} is more than max_length = {self.max_length}")
        if self.sampling and self.groups > 1:
            raise UsageError(f"groups = {self.groups} is for a beam search, which sampling replaces; leave one out")
        for name, neutral in (("temperature", 1), ("top_k", 0), ("top_p", 1)):
            if not self.sampling and getattr(self, name) != neutral:
                raise UsageError(f"{name} = {getattr(self, name)} is for sampling; set sampling, or leave it out")

    @property
    def width(self) -> int:
        """Hypotheses kept at each step: a multiple of the number of groups."""
        return -(-max(self.beam, self.n_best) // self.groups) * self.groups

    @property
    def ranking(self) -> Ranking:
        """The score by which finished hypotheses are ranked."""
        norm = self.length_norm
        if norm is None:
            norm = 0.0 if self.length_penalty else 1.0
        return Ranking(norm, self.length_penalty, self.coverage_penalty)
