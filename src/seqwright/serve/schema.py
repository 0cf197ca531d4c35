"""The bodies of requests and responses, from which the OpenAPI description is made."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from seqwright.inference.options import Options, Unknown
from seqwright.inference.records import Record

__all__ = [
    "Alternative",
    "AttentionRecord",
    "ContinueRequest",
    "ContinueResponse",
    "Example",
    "ExamplesResponse",
    "PredictRequest",
    "PredictResponse",
    "ScoreRequest",
    "ScoreSettings",
    "Settings",
    "Source",
]

MOST_ALTERNATIVES = 64


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model that answers: a name of /v1/models, by default the first."""

    model: str | None = None


class Settings(Model, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a search, with the meanings and defaults of `seqwright predict`.

    Fields that are absent or null have their default. prefix, prefix_tokens, allow, one_of and pattern are constraints.
    attention: whether records have the tokens of the source and the attention weights.
    """

    beam: int | None = None
    n_best: int | None = None
    groups: int | None = None
    diversity: float | None = None
    length_penalty: float | None = None
    coverage_penalty: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    sampling: bool | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None
    lexicon: bool | None = None
    min_confidence: float | None = None
    unknown: Unknown | None = None
    fold_case: bool | None = None
    max_source_tokens: int | None = None
    prefix: str = ""
    prefix_tokens: tuple[str, ...] = ()
    allow: str | None = None
    one_of: tuple[str, ...] | None = None
    pattern: str | None = None
    attention: bool = False

    def options(self) -> Options:
        """Return the options but for the constraint, which needs a model.   UsageError: a value out of range."""
        names = Settings.__struct_fields__
        given = {
            name: value for name in names if name not in NOT_OPTIONS and (value := getattr(self, name)) is not None
        }
        return Options(**given)

    def constraints(self) -> dict[str, Any]:
        """Return the arguments of `Translator.constraint`."""
        return {name: getattr(self, name) for name in CONSTRAINTS}


CONSTRAINTS = ("prefix", "prefix_tokens", "allow", "one_of", "pattern")
NOT_OPTIONS = {"model", "attention", *CONSTRAINTS}


class PredictRequest(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sources to answer, each with its features where the model has features."""

    sources: list[str]
    features: list[str] | None = None


class ScoreSettings(Model, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of scoring.   length_norm: as for `seqwright score`."""

    length_norm: float | None = None


class ScoreRequest(ScoreSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pairs to score."""

    sources: list[str]
    targets: list[str]
    features: list[str] | None = None


class ContinueRequest(Model, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The beginning of an answer to one source: which tokens may follow, and how probable each is.

    tokens: of the answer so far.   n: the number of alternatives.
    """

    source: str
    features: str = ""
    tokens: tuple[str, ...] = ()
    n: Annotated[int, msgspec.Meta(ge=1, le=MOST_ALTERNATIVES)] = 10


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """A token that may follow, null for the end of the answer, and its log-probability."""

    token: str | None
    score: float


class ContinueResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The most probable next tokens, most probable first."""

    alternatives: list[Alternative]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A pair of the dev set, or one that the model was trained on."""

    source: str
    features: str
    target: str
    trained: bool = False


class ExamplesResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Some pairs, of the dev set unless the model was trained on all; without any, why there are none."""

    examples: list[Example]
    missing: str = ""


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a streamed body; a line may also be the source alone, as a JSON string."""

    source: str
    features: str = ""


class AttentionRecord(Record, frozen=True, kw_only=True):
    """A record with attention weights.

    source_tokens: features, then tokens.   attention: for each hypothesis a row for each token and for the end, each
    with a weight for each source token and for the source's end; null where there are none.
    """

    source_tokens: list[str]
    attention: list[list[list[float]] | None]


class PredictResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A record for each source, in order."""

    answers: list[Record]
