"""Evaluation on the dev set during training, and model selection.

For strings, the criterion is the number of exact matches, then token errors (`measure.as_good`). Sentences have more
right answers than references: the criterion is the dev loss per token while answers are poor, then chrF, which scores
partly right answers. Answers that are empty, or the same for many sources, are poor whatever their score.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from seqwright import metrics
from seqwright.data import batches
from seqwright.models import Seq2seq
from seqwright.training.checkpoint import Position
from seqwright.training.measure import as_good, dev_answers
from seqwright.training.prepare import Prepared

__all__ = ["Quality", "assess", "record", "selected"]

PROBE = 100  # dev sources that are decoded first: poor answers are long, so that decoding all of them takes long
POOR = 15.0  # chrF below which the loss is the better criterion
SAME = 0.2  # greatest part of the answers that may be equal
SPREAD = 10.0  # standard deviation of a sentence's change in chrF between two measurements of one training
BATCH = 128

Answerer = Callable[[Sequence[Seq2seq], Prepared], list[list[str]]]


class Quality(NamedTuple):
    """Scores on the dev set.

    measured: indices of the dev sources that were decoded.   answers: tokens of the answer to each of them.
    measure: the criterion of `selected`.   loss: nats per target symbol; None for strings.
    sentences: scores of sentences; None for strings.
    """

    measured: Sequence[int]
    answers: list[list[str]]
    scores: metrics.Scores
    measure: Literal["exact", "loss", "chrF"] = "exact"
    loss: float | None = None
    sentences: metrics.SentenceScores | None = None

    @property
    def perplexity(self) -> float | None:
        """exp of the loss."""
        return None if self.loss is None else math.exp(min(self.loss, 700.0))


def assess(networks: Sequence[Seq2seq], prepared: Prepared, *, answer: Answerer = dev_answers) -> Quality:
    """Return the scores of a network, or of several as an ensemble, on the dev set.

    For sentences, only a part of the dev set is decoded while the answers are poor.
    answer: returns the tokens of the answer to each dev source.
    """
    every = range(len(prepared.dev.sources))
    if not prepared.traits.sentences:
        answers = answer(networks, prepared)
        return Quality(every, answers, metrics.evaluate(answers, prepared.dev.references))
    loss = sum(dev_loss(network, prepared) for network in networks) / len(networks)
    few = every[:: -(-len(every) // PROBE)]
    probed = answered(networks, prepared, few, answer=answer)
    if is_poor(probed, prepared):
        return probed._replace(measure="loss", loss=loss)
    found = probed if few == every else answered(networks, prepared, every, answer=answer)
    return found._replace(measure="chrF", loss=loss)


def answered(
    networks: Sequence[Seq2seq], prepared: Prepared, index: Sequence[int], *, answer: Answerer = dev_answers
) -> Quality:
    """Return the answers to some dev sources, and their scores."""
    part = prepared.dev_part(index)
    answers, join = answer(networks, part), prepared.target.join
    references = [[join(tokens) for tokens in group] for group in part.dev.references]
    sentences = metrics.evaluate_sentences([join(tokens) for tokens in answers], references)
    return Quality(index, answers, metrics.evaluate(answers, part.dev.references), sentences=sentences)


def is_poor(quality: Quality, prepared: Prepared) -> bool:
    """Return whether the answers are too poor to compare their scores."""
    assert quality.sentences is not None, "strings are compared by exact matches"
    [(_, n_same)] = Counter(map(tuple, quality.answers)).most_common(1)
    n_expected = max(Counter(tuple(prepared.dev.references[i][0]) for i in quality.measured).values())
    return quality.sentences.chrf < POOR or n_same > max(SAME * len(quality.answers), n_expected)


def dev_loss(network: Seq2seq, prepared: Prepared) -> float:
    """Return the mean cross-entropy of the first reference of each dev source, in nats per symbol."""
    examples = prepared.dev.examples(prepared.target)
    total = n_symbols = 0.0
    most = prepared.config.training.max_batch_tokens
    for batch in batches.batches(examples, batch_size=BATCH, rng=None, max_tokens=most):
        n = int(batch.target_lengths.sum())
        loss = network.loss(batch.source, batch.source_lengths, batch.target, batch.target_lengths, smoothing=0.0)
        total, n_symbols = total + n * loss, n_symbols + n
    return total / n_symbols


def selected(quality: Quality, position: Position, epoch: float) -> bool:
    """Return whether these parameters are selected, and record the best scores in the position.

    Parameters with a chrF are better than any with a loss only. Within one standard error of the best, the latest
    parameters are selected, as in `measure.as_good`.
    """
    scores, sentences = quality.scores, quality.sentences
    if sentences is None:
        if (scores.exact, -scores.ter) > (position.top_exact, -position.top_ter):
            position.top_exact, position.top_ter, position.top_epoch = scores.exact, scores.ter, epoch
        best = as_good(scores, exact=position.top_exact, ter=position.top_ter)
    else:
        value = sentences.chrf if quality.measure == "chrF" else -(quality.loss or 0.0)
        before = (position.top_measure == "chrF", position.top_value) if position.top_measure else (False, -math.inf)
        if (quality.measure == "chrF", value) > before:
            position.top_measure, position.top_value, position.top_epoch = quality.measure, value, epoch
            position.top_exact, position.top_ter = scores.exact, scores.ter
        spread = SPREAD / math.sqrt(scores.n) if quality.measure == "chrF" else 0.0
        best = quality.measure == position.top_measure and value >= position.top_value - spread
    if best:
        record(quality, position)
        position.best_epoch = epoch
    return best


def record(quality: Quality, position: Position) -> None:
    """Record the scores of the kept parameters in the position."""
    position.best_exact, position.best_ter = quality.scores.exact, quality.scores.ter
    position.best_measure, position.best_loss = quality.measure, quality.loss
    if quality.sentences is not None:
        position.best_bleu, position.best_chrf = quality.sentences.bleu, quality.sentences.chrf
