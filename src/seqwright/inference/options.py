"""What may be asked of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seqwright.errors import UsageError
from seqwright.inference import checks
from seqwright.inference.dictionary import Dictionary
from seqwright.search import Ranking, automaton

__all__ = ["Options", "Unknown"]


class Unknown(StrEnum):
    """What becomes of a source symbol that the model has never seen."""

    KEEP = "keep"  # the model makes of it what it has learned to make of unknown symbols: one that copies may copy it
    COPY = "copy"  # the same, and what it has not copied is put into the answer where it looked at it; see `copying`
    DROP = "drop"  # the model does not get to see it
    ERROR = "error"  # the source has no answer


@checks.known_names
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How sources are read and answers searched, in any mode; `modes` has the options of each mode by itself.

    UsageError: a value out of its range, an unknown name, or options that contradict each other.

    beam: hypotheses followed at a time; 1 is greedy.   n_best: answers returned; at least so many are followed.
    groups, diversity: of diverse beam search, see `search.beam`.
    length_norm, length_penalty, coverage_penalty: see `search.Ranking`; length_norm None is 1, or 0 beside a penalty.
    min_length, max_length: tokens of an answer; None is what the training makes likely, see `data.limits`.
    sampling: draw n_best answers instead of searching, with temperature, top_k and top_p, see `search.sample`. A source
    gets the same answers whenever the seed is the same.   constraint: see `Translator.constraint`.
    dictionary: sources that it knows are answered from it; not together with a constraint, which it may not meet.
    lexicon: whether the model may answer from the pairs that it was given at training, if any: behind the dictionary,
    and only what meets the constraint and the lengths that are asked for.
    min_confidence: an answer with less is left to somebody else, its text empty; needs a calibrated model.
    unknown: see `Unknown`; its words may be given as text.   fold_case: read a source in lower or upper case where more
    of its symbols are known then.
    max_source_tokens: a longer source is answered in windows; None: what training had, see `Translator`.
    max_batch_tokens: of the sources that are searched together, with their padding. What a search keeps of them is at
    most 4 KiB a token beside the encoder's states, unless one source alone needs more.
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
            raise UsageError("a dictionary answers as it stands, which may break constraints and lengths; choose one")
        if self.max_length is not None and (self.min_length or 0) > self.max_length:
            raise UsageError(f"min_length = {self.min_length} is more than max_length = {self.max_length}")
        if self.sampling and self.groups > 1:
            raise UsageError(f"groups = {self.groups} is for a beam search, which sampling replaces; leave one out")
        for name, neutral in (("temperature", 1), ("top_k", 0), ("top_p", 1)):
            if not self.sampling and getattr(self, name) != neutral:
                raise UsageError(f"{name} = {getattr(self, name)} is for sampling; set sampling, or leave it out")

    @property
    def width(self) -> int:
        """How many hypotheses are followed: a multiple of the groups, which share them."""
        return -(-max(self.beam, self.n_best) // self.groups) * self.groups

    @property
    def ranking(self) -> Ranking:
        """What finished hypotheses are compared by."""
        norm = self.length_norm
        if norm is None:
            norm = 0.0 if self.length_penalty else 1.0
        return Ranking(norm, self.length_penalty, self.coverage_penalty)
