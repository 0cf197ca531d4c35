"""The record of one answered source."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqwright.data import text
from seqwright.inference import html
from seqwright.types import Array

__all__ = ["Answer", "Flag", "Hypothesis", "Link", "links", "spelled"]

Link = tuple[int, int]  # places of a source token and of an answer's token, from 0


class Flag:
    """What a record may be marked with; `unknown:` and `windows:` say more behind the colon."""

    UNKNOWN = "unknown:"  # a symbol that the model has never seen
    REFUSED = "refused"  # there is no answer because of an unknown symbol
    UNDECODABLE = "undecodable"  # the line was not UTF-8 and was read with U+FFFD in it
    WINDOWS = "windows:"  # the source is too long and was answered in so many parts
    UNKNOWN_TARGET = "unknown-target:"  # a symbol of a given target that the model never says
    LEXICON = "lexicon"  # the answer is a dictionary's
    UNSURE = "unsure"  # the answer has less confidence than is asked for
    EMPTY = "empty"  # there is nothing to read in the source, and so nothing in the answer
    CUT = "cut"  # the answer was ended by its greatest length
    REPEATS = "repeats"  # the answer repeats a phrase, see `inference.repetition`


class Hypothesis(NamedTuple):
    """One answer.

    text: the tokens joined.   score: mean log-probability of a token, the end's with it (nats, at most 0), or what else
    the options rank by.   log_probs: of each token, then of the end.   finished: False where cut off.
    alignment (tokens + 1, source tokens + 1): how much each token, then the end, looked at each source token and its
    end; features come before the source's tokens. None for a model without attention and for a source in windows.
    links: the alignment's firm part, see `links`; None for a model without attention.
    """

    text: str
    tokens: list[str]
    score: float
    log_probs: list[float]
    finished: bool
    alignment: Array | None
    links: list[Link] | None = None

    def __repr__(self) -> str:
        return f"<Hypothesis {self.text!r}, score {self.score:.4f}{'' if self.finished else ', cut off'}>"

    def _repr_html_(self) -> str:
        """Return text, score and alignment, for notebooks."""
        table = html.answers_table([(self.text, f"{self.score:.4f}")], ("text", "score"))
        return table + html.alignment_table(self.alignment, self.tokens)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer:
    """A source and all that is answered to it, best first; there is nothing where the source was refused.

    confidence: the probability that the best hypothesis is right, None where the model was not calibrated.
    """

    source: str
    features: str = ""
    hypotheses: list[Hypothesis]
    flags: tuple[str, ...] = ()
    confidence: float | None = None

    @property
    def best(self) -> Hypothesis | None:
        """The first hypothesis, if there is one."""
        return self.hypotheses[0] if self.hypotheses else None

    @property
    def text(self) -> str:
        """The text of the best hypothesis, empty where there is none or it is not sure enough."""
        return self.hypotheses[0].text if self.hypotheses and Flag.UNSURE not in self.flags else ""

    def __repr__(self) -> str:
        features = f" ({self.features})" if self.features else ""
        confidence = "" if self.confidence is None else f", confidence {self.confidence:.4f}"
        flags = f", {' '.join(self.flags)}" if self.flags else ""
        said = "no answer" if self.best is None else repr(self.best.text)
        return f"<Answer {self.source!r}{features}: {said}{confidence}{flags}>"

    def _repr_html_(self) -> str:
        """Return all hypotheses, the confidence of the best, the flags, and its alignment, for notebooks."""
        rows = [
            (
                self.source if i == 0 else "",
                hypothesis.text,
                f"{hypothesis.score:.4f}",
                "" if i or self.confidence is None else f"{self.confidence:.4f}",
                " ".join(self.flags) if i == 0 else "",
            )
            for i, hypothesis in enumerate(self.hypotheses)
        ] or [(self.source, "", "", "", " ".join(self.flags))]
        table = html.answers_table(rows, ("source", "text", "score", "confidence", "flags"))
        return table + (html.alignment_table(self.best.alignment, self.best.tokens) if self.best else "")

    def marked(self, flag: str) -> Answer:
        """Return the same with one more flag."""
        return dataclasses.replace(self, flags=(*self.flags, flag))


def links(alignment: Array, n_features: int) -> list[Link]:
    """Return for each token of an answer the source token that it looked at most, as (source, answer) from 0.

    alignment: as in `Hypothesis`. Its first n_features columns, its last column and its last row take no part: they are
    no tokens of either text. Of equal ones the first counts.
    """
    tokens = alignment[:-1, n_features:-1]
    if not tokens.size:
        return []
    return [(int(source), answer) for answer, source in enumerate(tokens.argmax(axis=1))]


def spelled(symbols: Sequence[str]) -> tuple[str, ...]:
    """Return the distinct symbols in order, each as one word.

    A feature is feature:NAME; what would not be seen on a line, or has a space in it, is written as its code points.
    """
    words = (symbol.replace(" ", ":", 1) if text.is_feature(symbol) else symbol for symbol in dict.fromkeys(symbols))
    return tuple(
        word if word.isprintable() and " " not in word else " ".join(f"U+{ord(c):04X}" for c in word) for word in words
    )
