"""Scores of a model on pairs with known targets, and its answer to each source."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from seqwright import metrics, provenance
from seqwright.data import readers, text
from seqwright.errors import DataError
from seqwright.inference import Answer, Options, calibration
from seqwright.inference.calibration import Calibration
from seqwright.inference.dictionary import Dictionary
from seqwright.inference.translator import Hypothesis, Translator

__all__ = [
    "Answered",
    "Evaluation",
    "Listener",
    "answers_to",
    "are_sentences",
    "calibrate",
    "columns",
    "evaluate",
    "evaluate_dev",
    "evaluate_each",
    "evaluate_file",
    "part",
    "read_dictionary",
    "reference_loss",
    "score_file",
    "trained_on_sentences",
    "unheard",
]

CHUNK = 512  # sources answered, or pairs scored, together

Listener = Callable[[int, int], None]  # receives the number of answered sources and of all


def unheard(_done: int, _n: int) -> None:
    """Listen to nothing."""


def part(listen: Listener, i: int, n_parts: int) -> Listener:
    """Return a listener for the i-th of equal parts, counted from 0, which reports to `listen` as of the whole."""
    return lambda done, n: listen(i * n + done, n_parts * n)


class Answered(NamedTuple):
    """One source with its references and the hypotheses, best first."""

    source: str
    features: str
    references: list[str]
    hypotheses: list[Hypothesis]
    right: bool


class Evaluation(NamedTuple):
    """The result of an evaluation.

    Attributes
    ----------
    scores : metrics.Scores
        Of the best hypotheses.
    answered : list of Answered
        Each distinct source with its references and hypotheses, in the order of the pairs.
    sentences : metrics.SentenceScores or None
        BLEU and chrF; None if the references are not sentences.
    """

    scores: metrics.Scores
    answered: list[Answered]
    sentences: metrics.SentenceScores | None = None

    @property
    def wrong(self) -> list[Answered]:
        """The sources whose best hypothesis is none of the references."""
        return [answer for answer in self.answered if not answer.right]


def evaluate(
    model: Translator,
    pairs: Iterable[readers.Pair],
    *,
    beam: int = 5,
    n_best: int = 1,
    bleu: bool = False,
    lexicon: bool = True,
    listen: Listener = unheard,
) -> Evaluation:
    """Evaluate a model on pairs; of several targets for one source any counts as correct.

    Parameters
    ----------
    model : Translator
        The model.
    pairs : iterable of Pair
        Sources with their targets.
    beam : int, default 5
        Hypotheses kept at each step; 1 is greedy search.
    n_best : int, default 1
        Hypotheses for each source that are kept in the result.
    bleu : bool, default False
        Compute BLEU and chrF in any case. Otherwise they are computed for models of sentences (see
        `trained_on_sentences`) and for references that are sentences (see `are_sentences`).
    lexicon : bool, default True
        Let the model answer from its lexicon, see `Options`.
    listen : callable, optional
        Called with the number of answered sources and their total.

    Returns
    -------
    Evaluation
        Scores and answers.

    Raises
    ------
    DataError
        If there are no pairs.
    """
    sources, references = metrics.group_references(pair for pair in pairs if pair.source or pair.target)
    if not sources:
        raise DataError("there are no pairs to evaluate on")
    split = model.bundle.target.split
    expected = [[split(text) for text in group] for group in references]
    answers = answers_to(model, sources, Options(beam=beam, n_best=n_best, lexicon=lexicon), listen)
    # Cut again, because the same text can be made of other subwords.
    said = [split(hypotheses[0].text) for hypotheses in answers]
    answered = [
        Answered(*source, group, hypotheses, tokens in rights)
        for source, group, hypotheses, tokens, rights in zip(sources, references, answers, said, expected, strict=True)
    ]
    sentences = None
    if bleu or trained_on_sentences(model) or are_sentences([reference for group in references for reference in group]):
        sentences = metrics.evaluate_sentences([hypotheses[0].text for hypotheses in answers], references)
    return Evaluation(metrics.evaluate(said, expected), answered, sentences)


def trained_on_sentences(model: Translator) -> bool:
    """Return whether training took the pairs for sentences: it then measured the loss on the dev set."""
    scores = model.bundle.manifest.get("scores")
    return isinstance(scores, Mapping) and scores.get("dev_loss") is not None


def reference_loss(model: Translator, pairs: Sequence[readers.Pair]) -> float | None:
    """Return the mean negative log-probability of a token of the targets, the end's included, in nats.

    Targets with a token that the model does not know have no probability and are left out; None where all are.
    """
    log_probs: list[float] = []
    has_features = bool(model.bundle.config.text.features_column)
    for first in range(0, len(pairs), CHUNK):
        some = pairs[first : first + CHUNK]
        answers = model.score(
            [pair.source for pair in some],
            [pair.target for pair in some],
            features=[pair.features for pair in some] if has_features else None,
        )
        for answer in answers:
            if answer.best is not None and all(map(math.isfinite, answer.best.log_probs)):
                log_probs += answer.best.log_probs
    return -math.fsum(log_probs) / len(log_probs) if log_probs else None


def are_sentences(texts: Sequence[str]) -> bool:
    """Return whether at least half of the texts have a space, and spaces separate words of a language.

    Where they separate symbols, such as phonemes (`text.detect` distinguishes them), BLEU means nothing.
    """
    n_spaced = sum(" " in one.strip(" ") for one in texts)
    return 2 * n_spaced >= len(texts) > 0 and text.detect(texts).tokens is text.Tokens.CHARACTERS


def evaluate_file(
    model: Translator,
    path: readers.Paths,
    *,
    beam: int = 5,
    n_best: int = 1,
    bleu: bool = False,
    lexicon: bool = True,
    reading: readers.Columns = readers.STANDARD,
    listen: Listener = unheard,
) -> Evaluation:
    """Evaluate a model on a file, which is read like the files of its training; see `evaluate`.

    Parameters
    ----------
    model : Translator
        The model.
    path : path or several paths
        The file.
    beam : int, default 5
        Hypotheses kept at each step; 1 is greedy search.
    n_best : int, default 1
        Hypotheses for each source that are kept in the result.
    bleu : bool, default False
        Compute BLEU and chrF in any case. Otherwise they are computed for models of sentences (see
        `trained_on_sentences`) and for references that are sentences (see `are_sentences`).
    lexicon : bool, default True
        Let the model answer from its lexicon, see `Options`.
    reading : Columns, optional
        How the file is read where it differs from those of the training.
    listen : callable, optional
        Called with the number of answered sources and their total.

    Returns
    -------
    Evaluation
        Scores and answers.

    Raises
    ------
    DataError
        If the file cannot be read as pairs, or has none.
    """
    pairs = readers.read_pairs(path, columns=columns(model, reading))
    return evaluate(model, pairs, beam=beam, n_best=n_best, bleu=bleu, lexicon=lexicon, listen=listen)


def evaluate_dev(
    model: Translator, directory: str | Path, *, beam: int = 5, bleu: bool = False, listen: Listener = unheard
) -> Evaluation:
    """Evaluate the model of a directory, without its lexicon, on the pairs that its training measured on.

    DataError: they cannot be had again, or the model has seen them.
    """
    pairs, missing = provenance.dev_pairs(model.bundle, Path(directory))
    if not pairs:
        raise DataError(f"{directory}: not measured, because {missing}; give a file of pairs that it has not seen")
    return evaluate(model, pairs, beam=beam, bleu=bleu, lexicon=False, listen=listen)


def evaluate_each(
    models: Sequence[Translator], pairs: Sequence[readers.Pair], *, beam: int, listen: Listener
) -> list[Evaluation]:
    """Evaluate models on the same pairs by what they have learned, with no lexicon.   listen: hears of all of them."""
    return [
        evaluate(one, pairs, beam=beam, lexicon=False, listen=part(listen, i, len(models)))
        for i, one in enumerate(models)
    ]


def answers_to(
    model: Translator, sources: Sequence[tuple[str, str]], options: Options, listen: Listener
) -> list[list[Hypothesis]]:
    """Return what `Translator.predict` does for each (source, features), which a model without features leaves out."""
    has_features, answers = bool(model.bundle.config.text.features_column), list[list[Hypothesis]]()
    for first in range(0, len(sources), CHUNK):
        texts, features = zip(*sources[first : first + CHUNK], strict=True)
        answers += model.predict(texts, features=features if has_features else None, options=options)
        listen(len(answers), len(sources))
    return answers


def calibrate(answered: Iterable[Answered]) -> Calibration:
    """Return what turns the log-probability of such answers into how often they are right; see `inference.calibration`.

    Fit it on answers to pairs that the model was not trained on, and store it as "calibration" in the manifest.
    """
    answers = list(answered)
    return calibration.fit([sum(a.hypotheses[0].log_probs) for a in answers], [a.right for a in answers])


def read_dictionary(
    model: Translator, path: readers.Paths, *, reading: readers.Columns = readers.STANDARD
) -> Dictionary:
    """Return the pairs of a file to be answered from before the model.   DataError: not such a file."""
    pairs = (pair for one in readers.inputs(path) for pair in one.pairs(columns(model, reading)))
    return Dictionary(pairs, model.bundle.source, model.bundle.target)


def score_file(
    model: Translator,
    path: readers.Paths,
    *,
    options: Options | None = None,
    reading: readers.Columns = readers.STANDARD,
) -> Iterator[Answer]:
    """Yield the score of each pair of a file, in order, in constant memory.   DataError: it cannot be read as pairs."""
    for one in readers.inputs(path):
        pairs = one.pairs(columns(model, reading))
        while some := list(itertools.islice(pairs, CHUNK)):
            yield from model.score(
                [pair.source for pair in some],
                [pair.target for pair in some],
                features=[pair.features for pair in some],
                options=options,
            )


def columns(model: Translator, asked: readers.Columns = readers.STANDARD) -> readers.Columns:
    """Return how files are read for a model: like those of its training, except where `asked` differs."""
    return asked.over(model.bundle.config.text.later_columns())
