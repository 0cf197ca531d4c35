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
    """A source that exactly one of the models answers correctly."""

    source: str
    features: str
    references: list[str]
    a: str  # what each model answers
    b: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of two models on the same sources; differences are B minus A.

    Attributes
    ----------
    a, b : metrics.Scores
        Of each model.
    both_right, both_wrong : int
        Number of sources that both or neither answer correctly.
    only_a, only_b : list of Disagreement
        Sources that exactly one model answers correctly.
    exact : significance.Difference
        Of accuracies, in percentage points, with a confidence interval.
    ter : significance.Difference
        Of token error rates; negative if B makes fewer errors.
    mcnemar_p : float
        Probability of a difference between only_a and only_b at least as great if the models were equal (McNemar).
    resamples, seed : int
        Of the bootstrap.
    """

    a: metrics.Scores
    b: metrics.Scores
    both_right: int
    only_a: list[Disagreement]
    only_b: list[Disagreement]
    both_wrong: int
    exact: significance.Difference
    ter: significance.Difference
    mcnemar_p: float
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
    """Compare two models on a file, which is read like the files of their trainings; see `compare`.

    Parameters
    ----------
    a, b : Translator
        The models.
    path : path
        The file.
    beam : int, default 5
        Hypotheses kept at each step; 1 is greedy search.
    seed : int, default 1
        Of the bootstrap resamples.
    reading : Columns, optional
        How the file is read where it differs from those of the training.
    listen : callable, optional
        Called with the number of answered sources and their total.

    Returns
    -------
    Comparison
        Scores of both models, differences B minus A, and disagreements.

    Raises
    ------
    UsageError
        If the models were trained on different columns.
    DataError
        If the file cannot be read as pairs, or has none.
    """
    columns_a, columns_b = measure.columns(a, reading), measure.columns(b, reading)
    one, other = columns_a.like, columns_b.like
    assert one is not None and other is not None, "a model knows how its files are read"
    same_shape = one.layout == other.layout and one.names == other.names
    if same_shape and (one.source, one.target) != (other.source, other.target):
        raise UsageError(
            f"one model maps column {one.source} to column {one.target}, the other "
            f"{other.source} to {other.target}; compare models of the same task"
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
    """Compare two models on their common dev pairs, without lexicons.

    DataError: the dev pairs are no longer available, or differ.
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
    """Compare two models on pairs; of several targets for one source with its features any counts as correct.

    Answers of both models are tokenized as A's targets were, so that their token error rates are comparable.

    Parameters
    ----------
    a, b : Translator
        The models.
    pairs : iterable of Pair
        Sources with their targets.
    beam : int, default 5
        Hypotheses kept at each step; 1 is greedy search.
    seed : int, default 1
        Of the bootstrap resamples.
    lexicon : bool, default True
        Let the models answer from their lexicons, see `Options`.
    listen : callable, optional
        Called with the number of answered sources and their total.

    Returns
    -------
    Comparison
        Scores of both models, differences B minus A, and disagreements.

    Raises
    ------
    DataError
        If there are no pairs.
    """
    sources, references = metrics.group_references(pair for pair in pairs if pair.source or pair.target)
    if not sources:
        raise DataError("there are no pairs to compare on")
    split = a.bundle.target.split
    expected = [[split(text) for text in group] for group in references]
    answers_a, answers_b = (
        best(measure.answers_to(model, sources, Options(beam=beam, lexicon=lexicon), measure.part(listen, i, 2)))
        for i, model in enumerate((a, b))
    )
    said_a, said_b = ([split(text) for text in texts] for texts in (answers_a, answers_b))
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
