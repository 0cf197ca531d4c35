"""A model's answers to pairs whose targets are known: scores, and what was answered to each source."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from seqwright import metrics
from seqwright.data import readers
from seqwright.errors import DataError
from seqwright.translator import Hypothesis, Translator

__all__ = ["Answered", "Evaluation", "columns", "evaluate", "evaluate_file"]


class Answered(NamedTuple):
    """One source, its right answers and what the model said, best first."""

    source: str
    features: str
    references: list[str]
    hypotheses: list[Hypothesis]
    right: bool


class Evaluation(NamedTuple):
    """Scores of the first hypotheses, and every answer in the order of the file."""

    scores: metrics.Scores
    answered: list[Answered]

    @property
    def wrong(self) -> list[Answered]:
        """Return the sources whose first hypothesis is none of the references."""
        return [answer for answer in self.answered if not answer.right]


def evaluate(model: Translator, pairs: Iterable[readers.Pair], *, beam: int = 5, n_best: int = 1) -> Evaluation:
    """Answer the distinct sources of the pairs; several targets of one source count as any-of.

    DataError: there are no pairs.
    """
    sources, references = metrics.group_references(pair for pair in pairs if pair.source or pair.target)
    if not sources:
        raise DataError("there are no pairs to evaluate on")
    format_ = model.bundle.target_format
    expected = [[format_.split(text) for text in group] for group in references]
    texts, features = [source for source, _ in sources], [f for _, f in sources]
    answers = model.predict(texts, features=features, beam=beam, n_best=n_best)
    scores = metrics.evaluate([hypotheses[0].tokens for hypotheses in answers], expected)
    answered = [
        Answered(*source, group, hypotheses, hypotheses[0].tokens in tokens)
        for source, group, tokens, hypotheses in zip(sources, references, expected, answers, strict=True)
    ]
    return Evaluation(scores, answered)


def evaluate_file(model: Translator, path: Path | str, *, beam: int = 5, n_best: int = 1) -> Evaluation:
    """Evaluate on a file with the columns that the model was trained with.   DataError: not such a file."""
    return evaluate(model, readers.read_pairs(path, columns=columns(model)), beam=beam, n_best=n_best)


def columns(model: Translator) -> readers.Columns:
    """Return which columns of a file of pairs the model was trained on."""
    text = model.bundle.config.text
    return readers.Columns(source=text.source_column, target=text.target_column, features=text.features_column)
