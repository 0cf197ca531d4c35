"""What a batch does: a model and options, called with sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from seqwright.inference import Answer, records
from seqwright.inference.modes import Scoring
from seqwright.serve.models import Served
from seqwright.serve.schema import Alternative, AttentionRecord, ContinueResponse, ScoreSettings, Settings

__all__ = ["Continue", "Predict", "Score"]


@dataclass(frozen=True, slots=True)
class Predict:
    """Answers (source, features), a record each."""

    model: Served
    settings: Settings

    def __call__(self, items: Sequence[tuple[str, str]], /) -> list[bytes]:
        sources, features = [source for source, _ in items], [given for _, given in items]
        options = self.model.options(self.settings)
        answers = self.model.translator.answer(sources, features=features, options=options)
        if self.settings.attention:
            return [self._with_attention(answer) for answer in answers]
        return [records.encoded(answer) for answer in answers]

    def _with_attention(self, answer: Answer) -> bytes:
        plain = records.record(answer)
        fields = {name: getattr(plain, name) for name in plain.__struct_fields__}
        weights = [None if h.alignment is None else h.alignment.round(4).tolist() for h in answer.hypotheses]
        tokens = self.model.translator.source_tokens(answer.source, answer.features)
        return msgspec.json.encode(AttentionRecord(**fields, source_tokens=tokens, attention=weights))


@dataclass(frozen=True, slots=True)
class Score:
    """Scores (source, target, features), a record each."""

    model: Served
    settings: ScoreSettings

    def __call__(self, items: Sequence[tuple[str, str, str]], /) -> list[bytes]:
        sources, targets, features = (list(column) for column in zip(*items, strict=True))
        norm = self.settings.length_norm
        options = Scoring(length_norm=1.0 if norm is None else norm)
        scored = self.model.translator.score(sources, targets, features=features, options=options)
        return [records.encoded(one) for one in scored]


@dataclass(frozen=True, slots=True)
class Continue:
    """Finds the tokens that may follow (source, features, *tokens so far)."""

    model: Served
    n: int

    def __call__(self, items: Sequence[tuple[str, ...]], /) -> list[bytes]:
        return [self._alternatives(*item) for item in items]

    def _alternatives(self, source: str, features: str, *tokens: str) -> bytes:
        found = self.model.translator.next_tokens(source, tokens, features=features, n=self.n)
        return msgspec.json.encode(
            ContinueResponse(alternatives=[Alternative(token=token, score=score) for token, score in found])
        )
