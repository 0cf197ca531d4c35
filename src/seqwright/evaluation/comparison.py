"""Two models on the same sources: which is better, by how much, and whether the difference is significant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from seqwright import metrics, provenance
from seqwright.data import readers
from seqwright.errors import DataError, UsageError
from seqwright.evaluation import measure, significance
from seqwright.inference import Hypothesis, Options
from seqwright.inference.translator import Translator
from seqwright.types import Array

__all__ = ["Comparison", "Disagreement", "compare", "compare_dev", "compare_file"]


class Disagreement(msgspec.Struct, frozen=True):
    """A source that one model alone answers right."""

    source: str
    features: str
    references: list[str]
    a: str  # what each model answers
    b: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How two models do on the same sources; B minus A throughout."""

    a: metrics.Scores
    b: metrics.Scores
    both_right: int
    only_a: list[Disagreement]
    only_b: list[Disagreement]
    both_wrong: int
    exact: significance.Difference
    ter: significance.Difference  # below zero: B makes fewer errors
    mcnemar_p: float  # of only_a and only_b being so uneven by chance
    resamples: int
    seed: int


def compare_file(
    a: Translator,
    b: Translator,
    path: Path | str,
    *,
    beam: int = 5,
    seed: int = 1,
    reading: readers.Columns = readers.STANDARD,
    listen: measure.Listener = measure.unheard,
) -> Comparison:
    """Compare on a file that is read as the files of both models' trainings.   reading: what is asked otherwise.

    UsageError: they were trained on different columns.   DataError: not such a file.
    """
    columns_a, columns_b = measure.columns(a, reading), measure.columns(b, reading)
    one, other = columns_a.like, columns_b.like
    assert one is not None and other is not None, "a model knows how its files are read"
    same_shape = one.layout == other.layout and one.names == other.names
    if same_shape and (one.source, one.target) != (other.source, other.target):
        raise UsageError(
            f"one model reads column {one.source} and answers column {one.target}, the other reads "
            f"{other.source} and answers {other.target}; compare models of the same task"
        )
    # A model that knows no features still has to answer sources that differ in nothing else.
    columns = columns_a if one.features else columns_b
    return compare(a, b, readers.read_pairs(path, columns=columns), beam=beam, seed=seed, listen=listen)


def compare_dev(
    models: tuple[Translator, Translator],
    directories: tuple[str | Path, str | Path],
    *,
    beam: int = 5,
    seed: int = 1,
    listen: measure.Listener = measure.unheard,
) -> Comparison:
    """Compare on the pairs that the trainings of both models measured on, without lexicons.

    DataError: they cannot be had again, or are not the same.
    """
    pairs, missing = provenance.shared_dev_pairs([one.bundle for one in models], list(map(Path, directories)))
    if not pairs:
        raise DataError(f"not compared, because {missing}; give a file of pairs that neither model has seen")
    return compare(*models, pairs, beam=beam, seed=seed, lexicon=False, listen=listen)


def compare(
    a: Translator,
    b: Translator,
    pairs: Iterable[readers.Pair],
    *,
    beam: int = 5,
    seed: int = 1,
    lexicon: bool = True,
    listen: measure.Listener = measure.unheard,
) -> Comparison:
    """Compare on pairs; several targets of one source, with its features, count as any-of.

    Answers of both are cut into tokens as A's targets were, so that TER means the same for both.
    seed: draws the resamples.   lexicon: see `Options`.   listen: see `measure.evaluate`.
    DataError: there are no pairs.
    """
    sources, references = metrics.group_references(pair for pair in pairs if pair.source or pair.target)
    if not sources:
        raise DataError("there are no pairs to compare on")
    format_ = a.bundle.target_format
    expected = [[format_.split(text) for text in group] for group in references]
    answers_a, answers_b = (
        best(measure.answers_to(model, sources, Options(beam=beam, lexicon=lexicon), measure.part(listen, i, 2)))
        for i, model in enumerate((a, b))
    )
    said_a, said_b = ([format_.split(text) for text in texts] for texts in (answers_a, answers_b))
    scored_a, scored_b = scored(said_a, expected), scored(said_b, expected)
    by_whom: dict[tuple[bool, bool], list[Disagreement]] = {}
    for (source, features), group, text_a, text_b, right_a, right_b in zip(
        sources, references, answers_a, answers_b, scored_a.right, scored_b.right, strict=True
    ):
        found = Disagreement(source, features, group, text_a, text_b)
        by_whom.setdefault((bool(right_a), bool(right_b)), []).append(found)
    only_a, only_b = by_whom.get((True, False), []), by_whom.get((False, True), [])
    rng = np.random.default_rng(seed)
    one = np.ones(len(sources))
    return Comparison(
        a=metrics.evaluate(said_a, expected),
        b=metrics.evaluate(said_b, expected),
        both_right=len(by_whom.get((True, True), [])),
        only_a=only_a,
        only_b=only_b,
        both_wrong=len(by_whom.get((False, False), [])),
        exact=significance.paired_bootstrap(scored_a.right, scored_b.right, one, one, rng=rng),
        ter=significance.paired_bootstrap(scored_a.edits, scored_b.edits, scored_a.tokens, scored_b.tokens, rng=rng),
        mcnemar_p=significance.mcnemar(len(only_a), len(only_b)),
        resamples=significance.RESAMPLES,
        seed=seed,
    )


class Scored(NamedTuple):
    """What each of N items gives to the scores, (N,): right or not, edits, tokens of the closest reference."""

    right: Array
    edits: Array
    tokens: Array


def scored(hypotheses: Sequence[Sequence[str]], expected: Sequence[Sequence[Sequence[str]]]) -> Scored:
    each = [metrics.evaluate([said], [group]) for said, group in zip(hypotheses, expected, strict=True)]
    return Scored(
        np.array([scores.n - scores.errors for scores in each], np.float64),
        np.array([scores.edits for scores in each], np.float64),
        np.array([scores.tokens for scores in each], np.float64),
    )


def best(answers: Sequence[Sequence[Hypothesis]]) -> list[str]:
    return [hypotheses[0].text for hypotheses in answers]
