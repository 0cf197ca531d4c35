"""The probabilities of the next token after the beginning of a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seqwright.bundle import Bundle
from seqwright.data import vocabulary
from seqwright.errors import UsageError
from seqwright.inference.predicting import Predictor

__all__ = ["NextToken", "next_tokens"]


class NextToken(NamedTuple):
    """A token, None for the end of the target, and its log-probability."""

    token: str | None
    log_prob: float


def next_tokens(
    source: str, features: str, prefix: Sequence[str], n: int, *, bundle: Bundle, predictor: Predictor
) -> list[NextToken]:
    """Return the n most probable tokens after a prefix, most probable first; the source is never split into windows.

    UsageError: a token of the prefix is not in the vocabulary.
    """
    known = bundle.target.vocabulary
    if never := known.unknown(prefix):
        raise UsageError(f"{never[0]!r} is not in the vocabulary of targets; no training target has it")
    reading = predictor.reader.read(source, features, max_tokens=max(len(source), 1) * 64)
    found = predictor.searcher.next_symbols(reading.windows[0].ids, known.encode(prefix), n)
    return [
        NextToken(None if symbol == vocabulary.END else known.decode([symbol])[0], log_prob)
        for symbol, log_prob in found
    ]
