"""Active learning: the sources whose answers would teach a model most, and its accuracy on the others.

The value of a source is the probability that its answer is wrong (uncertainty sampling: Lewis & Gale 1994, "A
Sequential Algorithm for Training Text Classifiers"), times how much it covers of the n-grams of all sources. What
chosen sources have covered counts for less, so that the choice is spread over kinds of sources; greedy choice is near
the best for such a function (Lin & Bilmes 2011, "A Class of Submodular Functions for Document Summarization").
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from seqwright.errors import UsageError
from seqwright.inference import Answer
from seqwright.inference.answer import Flag
from seqwright.inference.calibration import Calibration
from seqwright.inference.confidence import Confidence
from seqwright.inference.translator import Translator

__all__ = ["Suggested", "Suggestion", "suggest"]

ORDERS = (1, 2, 3)  # of the n-grams
DECAY = 0.5  # of the value of an n-gram with each chosen source that has it
CHUNK = 512  # sources answered together
Z = 1.96  # standard errors on either side of an estimate hold it in 95 of 100 cases

Source = tuple[str, str]  # source, features


class Suggested(NamedTuple):
    """A source to annotate.

    Attributes
    ----------
    source, features : str
        As in the list of sources.
    answer : str
        The present answer of the model.
    confidence : float
        The probability that this answer is correct.
    """

    source: str
    features: str
    answer: str
    confidence: float


class Suggestion(NamedTuple):
    """The sources to annotate next, and an estimate for the others.

    Attributes
    ----------
    chosen : list of Suggested
        Best first.
    n_others : int
        The distinct sources that were not chosen.
    accuracy : float or None
        The expected percentage of correct answers to them, None if there are none.
    interval : tuple of float
        Percentages between which the accuracy lies in 95 of 100 cases, if these sources are like the dev sources: by
        the dev pairs that the confidence was fitted on, and by chance in the training and in the answers.
    """

    chosen: list[Suggested]
    n_others: int
    accuracy: float | None
    interval: tuple[float, float]


def suggest(
    model: Translator,
    sources: Sequence[str],
    *,
    features: Sequence[str] | None = None,
    n: int = 100,
    listen: Callable[[int, int], None] = lambda _done, _n: None,
) -> Suggestion:
    """Choose the sources whose answers would teach a model most.

    Parameters
    ----------
    model : Translator
        A model with calibrated confidence.
    sources : sequence of str
        Sources without answers. Repeated and empty ones count once and not at all.
    features : sequence of str, optional
        The features of each source.
    n : int, default 100
        Sources to choose.
    listen : callable, optional
        Called with the number of sources that are answered, and of all.

    Returns
    -------
    Suggestion
        The chosen sources, and the estimated accuracy on the others.

    Raises
    ------
    UsageError
        If there is no source, or the model has no calibrated confidence.
    """
    tags = [""] * len(sources) if features is None else features
    different = [one for one in dict.fromkeys(zip(sources, tags, strict=True)) if one[0]]
    if not different:
        raise UsageError("there is no source to choose; give a file with a source on each line")
    calibration = Confidence(model.bundle).calibration
    if calibration is None:
        raise UsageError(
            "the model has no calibrated confidence; finish its training, with dev pairs that are no training pairs"
        )
    answers: list[Answer] = []
    for first in range(0, len(different), CHUNK):
        texts, tags = zip(*different[first : first + CHUNK], strict=True)
        answers += model.answer(texts, features=tags)
        listen(len(answers), len(different))
    confidences = [answer.confidence or 0.0 for answer in answers]
    grams = [_grams(model.source_tokens(*one)) for one in different]
    chosen = _greedy(grams, [1 - confidence for confidence in confidences], n)
    # What the dev pairs show: the confidence of an answer is lower for an unusual source, of which dev has as many.
    expected = [_without_familiarity(answer, calibration) for answer in answers]
    rest = [expected[i] for i in sorted(set(range(len(different))) - set(chosen))]
    n_trained = model.bundle.manifest.get("n_pairs")
    accuracy, interval = _estimate(rest, calibration.n, n_trained if isinstance(n_trained, int) else calibration.n)
    return Suggestion(
        [Suggested(*different[i], answers[i].text, confidences[i]) for i in chosen], len(rest), accuracy, interval
    )


def _without_familiarity(answer: Answer, calibration: Calibration) -> float:
    """Return the probability that an answer is correct by its score alone, as it was fitted on the dev pairs."""
    if Flag.LEXICON in answer.flags:
        return 1.0
    return calibration.confidence(answer.hypotheses[0].log_probs) if answer.hypotheses else 0.0


def _grams(tokens: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the distinct n-grams of a source with its two ends."""
    ended = ["", *tokens, ""]
    return list(dict.fromkeys(tuple(ended[i : i + k]) for k in ORDERS for i in range(len(ended) - k + 1)))


def _greedy(grams: Sequence[Sequence[tuple[str, ...]]], doubts: Sequence[float], n: int) -> list[int]:
    """Return the indices of n sources, best first.

    doubts: the probability that the answer to each source is wrong. The value of a source only falls while others are
    chosen, so that a value that is still the greatest when it is computed anew is the greatest of all (Minoux 1978).
    """
    frequency = Counter(gram for one in grams for gram in one)
    times: Counter[tuple[str, ...]] = Counter()

    def value(i: int) -> float:
        covered = sum(math.log1p(frequency[gram]) * DECAY ** times[gram] for gram in grams[i])
        return doubts[i] * covered / math.sqrt(len(grams[i]))

    queue = [(-value(i), i) for i in range(len(grams))]
    heapq.heapify(queue)
    chosen: list[int] = []
    while queue and len(chosen) < n:
        _, i = heapq.heappop(queue)
        present = -value(i)
        if queue and present > queue[0][0]:
            heapq.heappush(queue, (present, i))
            continue
        chosen.append(i)
        times.update(grams[i])
    return chosen


def _estimate(confidences: Sequence[float], n_fitted: int, n_trained: int) -> tuple[float | None, tuple[float, float]]:
    """Return the mean of the confidences and the interval of 95 % of the accuracy, in percent.

    The variance is that of the share of correct answers among n_fitted dev sources, which the confidence was fitted to;
    that of trainings on n_trained pairs, about as much as of so many answers (docs/log.md); and that of the answers
    themselves, each of which is correct with its confidence. Few dev sources that are mostly correct, or mostly not,
    leave some doubt: the center is shifted towards a half (Agresti & Coull 1998).
    """
    if not confidences:
        return None, (0.0, 100.0)
    n = len(confidences)
    mean = sum(confidences) / n
    center = (mean * n_fitted + Z**2 / 2) / (n_fitted + Z**2)
    counted = center * (1 - center) * (1 / (n_fitted + Z**2) + 1 / max(1, n_trained))
    variance = counted + sum(c * (1 - c) for c in confidences) / n**2
    margin = Z * math.sqrt(variance)
    return 100 * mean, (100 * max(0.0, center - margin), 100 * min(1.0, center + margin))
