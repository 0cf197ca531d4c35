"""Answers and hypotheses: the results of inference."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqwright.data import text
from seqwright.inference import html
from seqwright.types import Array

__all__ = ["Answer", "Flag", "Hypothesis", "Link", "links", "spelled"]

Link = tuple[int, int]  # positions of a source token and of a target token, from 0


class Flag:
    """Flags of an answer; a name or number follows those that end in a colon."""

    UNKNOWN = "unknown:"  # a source symbol that is not in the vocabulary
    REFUSED = "refused"  # no answer, because of an unknown symbol
    UNDECODABLE = "undecodable"  # the line is not UTF-8; invalid bytes were read as U+FFFD
    WINDOWS = "windows:"  # the source was split into this many windows
    UNKNOWN_TARGET = "unknown-target:"  # a symbol of a given target that is not in the vocabulary
    LEXICON = "lexicon"  # the answer is from a dictionary or the lexicon
    UNSURE = "unsure"  # the confidence is below min_confidence
    EMPTY = "empty"  # the source is empty, and so is the answer
    CUT = "cut"  # the answer reached its maximum length
    REPEATS = "repeats"  # the answer repeats a phrase, see `inference.repetition`


class Hypothesis(NamedTuple):
    """One predicted target.

    Attributes
    ----------
    text : str
        The joined tokens.
    tokens : list of str
        The T tokens.
    score : float
        Mean log-probability of the tokens and the end (nats, at most 0), or the value that the options rank by.
    log_probs : list of float
        Log-probability of each token, then of the end; T + 1 values.
    finished : bool
        False if the maximum length was reached.
    alignment : ndarray of float32, shape (T + 1, S + 1), or None
        Attention weights of each token, then of the end, over the features, the tokens and the end of the source. None
        without attention and for a source in several windows.
    links : list of (int, int) or None
        For each token the source token of the highest attention weight, as (source, target) positions from 0; None
        without attention.
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
    """The hypotheses for one source.

    Attributes
    ----------
    source, features : str
        As given.
    hypotheses : list of Hypothesis
        Best first; empty if the source was refused.
    flags : tuple of str
        See `Flag`.
    confidence : float or None
        Probability that the best hypothesis is correct; None for a model without calibration.
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
        """The text of the best hypothesis; empty without one, or if its confidence is below `min_confidence`."""
        return self.hypotheses[0].text if self.hypotheses and Flag.UNSURE not in self.flags else ""

    def __repr__(self) -> str:
        features = f" ({self.features})" if self.features else ""
        confidence = "" if self.confidence is None else f", confidence {self.confidence:.4f}"
        flags = f", {' '.join(self.flags)}" if self.flags else ""
        text = "no answer" if self.best is None else repr(self.best.text)
        return f"<Answer {self.source!r}{features}: {text}{confidence}{flags}>"

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
        """Add a flag.

        Parameters
        ----------
        flag : str
            The flag.

        Returns
        -------
        Answer
            A copy with the flag.
        """
        return dataclasses.replace(self, flags=(*self.flags, flag))


def links(alignment: Array, n_features: int) -> list[Link]:
    """Return for each target token the source token of the highest attention weight, as (source, target) from 0.

    alignment: as in `Hypothesis`; features and ends are ignored. Of equal weights the first counts.
    """
    tokens = alignment[:-1, n_features:-1]
    if not tokens.size:
        return []
    return [(int(source), answer) for answer, source in enumerate(tokens.argmax(axis=1))]


def spelled(symbols: Sequence[str]) -> tuple[str, ...]:
    """Return the distinct symbols in order, each as one word.

    A feature is feature:NAME; an unprintable symbol, or one with a space, is written as its code points.
    """
    words = (symbol.replace(" ", ":", 1) if text.is_feature(symbol) else symbol for symbol in dict.fromkeys(symbols))
    return tuple(
        word if word.isprintable() and " " not in word else " ".join(f"U+{ord(c):04X}" for c in word) for word in words
    )
