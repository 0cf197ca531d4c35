"""The JSON record of an answer, which `predict --json`, `score --json` and the server write."""

from __future__ import annotations

import msgspec

from seqwright.inference.answer import Answer, Hypothesis, Link

__all__ = ["HypothesisRecord", "Record", "encoded", "record"]


class HypothesisRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One hypothesis.

    token_scores: the log-probability of each token, then of the end; null is minus infinity.
    alignment: pairs of positions from 0, source token and answer token; null for a model without attention.
    """

    text: str
    tokens: list[str]
    score: float | None
    token_scores: list[float | None]
    alignment: list[Link] | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: the best hypothesis, then all hypotheses in n_best, best first.

    text is empty where there is no hypothesis or its confidence is too low.
    confidence: the probability that the best hypothesis is correct; null for a model without calibration.
    flags: such as unknown:é, refused, windows:2, lexicon, unsure, empty, cut, repeats.
    """

    source: str
    features: str | msgspec.UnsetType = msgspec.UNSET
    text: str
    tokens: list[str]
    score: float | None
    token_scores: list[float | None]
    alignment: list[Link] | None
    confidence: float | None
    flags: tuple[str, ...]
    n_best: list[HypothesisRecord]


NO_HYPOTHESIS = HypothesisRecord(text="", tokens=[], score=None, token_scores=[], alignment=None)


def record(answer: Answer) -> Record:
    """Return the record of an answer."""
    hypotheses = [_hypothesis(one) for one in answer.hypotheses]
    best = hypotheses[0] if hypotheses else NO_HYPOTHESIS
    return Record(
        source=answer.source, features=answer.features or msgspec.UNSET, text=answer.text, tokens=best.tokens,
        score=best.score, token_scores=best.token_scores, alignment=best.alignment, confidence=answer.confidence,
        flags=answer.flags, n_best=hypotheses,
    )  # fmt: skip


def encoded(answer: Answer) -> bytes:
    """Return the record of an answer as a JSON object on one line, without the line's end."""
    return msgspec.json.encode(record(answer))


def _hypothesis(h: Hypothesis) -> HypothesisRecord:
    return HypothesisRecord(
        text=h.text, tokens=h.tokens, score=h.score, token_scores=list(h.log_probs), alignment=h.links
    )
