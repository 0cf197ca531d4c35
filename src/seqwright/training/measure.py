"""Decoding of the dev set during training, and the calibration of the confidence at its end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from seqwright import metrics, search
from seqwright.data import batches, vocabulary
from seqwright.inference import Options, calibration, familiarity, hypotheses
from seqwright.inference.answer import Hypothesis
from seqwright.inference.reading import Reading, Window
from seqwright.inference.translator import Translator
from seqwright.models import Seq2seq
from seqwright.models.inference import Inference
from seqwright.training.events import Example
from seqwright.training.prepare import Prepared
from seqwright.types import Array, Ids

__all__ = ["Outcomes", "as_good", "calibrated", "dev_answers", "dev_examples", "familiar", "outcomes"]

DEV_BATCH = 256
FAMILIAR = 200_000  # training sources for familiarity, evenly spaced
PORTION = 10_000  # of them encoded together
FITTED = 20  # usual dev sources, at least, for the calibration to be that of usual sources
EXAMPLES_AT = (0.25, 0.5, 0.75)  # positions of the examples in the dev sources sorted by length


def dev_answers(networks: Sequence[Seq2seq], prepared: Prepared) -> list[list[str]]:
    """Return the tokens of the greedy answer of a network, or of several as an ensemble, to each dev source.

    These are the answers of the trained model with a beam of 1: a long source is read in the same windows.
    """
    readings = prepared.dev.readings
    places = [(i, window) for i, reading in enumerate(readings) for window in _windows(reading, prepared)]
    order = sorted(range(len(places)), key=lambda n: len(places[n][1].ids))
    found: dict[int, Hypothesis] = {}
    members = [Inference(network) for network in networks]
    for first in range(0, len(order), DEV_BATCH):
        index = order[first : first + DEV_BATCH]
        found |= zip(index, _greedy(members, [places[n] for n in index], prepared), strict=True)
    parts: list[list[Hypothesis]] = [[] for _ in readings]
    for n, (i, _) in enumerate(places):
        parts[i].append(found[n])
    target = prepared.target
    # A text is split again, since it can be spelled with other subwords.
    texts = [
        hypotheses.concatenated(some, reading, target).text if some else ""
        for some, reading in zip(parts, readings, strict=True)
    ]
    return [target.split(text) for text in texts]


def _windows(reading: Reading, prepared: Prepared) -> list[Window]:
    """Return the windows of a dev source that are searched; none if its answer is empty because it is."""
    empty = prepared.limits.empty_answers_empty and reading.is_blank(prepared.source.vocabulary)
    return [] if empty else reading.windows


def _greedy(
    members: Sequence[Inference], places: Sequence[tuple[int, Window]], prepared: Prepared
) -> Iterator[Hypothesis]:
    """Yield the greedy hypothesis for each window.   places: windows with the numbers of their dev sources."""
    lengths = [len(window.ids) for _, window in places]
    rules = search.Rules(
        vocabulary.START,
        vocabulary.END,
        max_lengths=np.array([prepared.limits.max_length(n) for n in lengths], np.int32),
        min_lengths=np.array([prepared.limits.min_length(n) for n in lengths], np.int32),
    )
    padded = batches.pad([window.ids for _, window in places])
    found = search.run.Sources(members, *padded, vocabulary.NEVER_ANSWERED).beam(rules, width=1)
    n_attended = members[0].memory_lengths(*padded).tolist()
    for (i, window), [candidate], n in zip(places, found, n_attended, strict=True):
        reading = prepared.dev.readings[i]
        if not reading.unknown:  # attention weights only serve to copy unknown symbols
            candidate = candidate._replace(attention_weights=None)
        n_masked = len(window.ids) - n
        yield hypotheses.from_candidate(
            candidate, reading, window, prepared.target, n_masked=n_masked, copy_unknown=False
        )


def as_good(scores: metrics.Scores, *, exact: float, ter: float) -> bool:
    """Return whether scores are within one standard error of the best scores on the same pairs.

    exact, ter: the best scores in percent. Right answers are assumed to be binomial, edits Poisson.
    The best of many measurements on few pairs is partly chance, and later parameters, with a lower learning rate, are
    better. The rule of one standard error (Breiman et al. 1984, "Classification and Regression Trees", section 3.4.3)
    chooses the simplest model within one standard error of the best; here it chooses the latest.
    """
    right, edits = exact / 100, ter / 100 * scores.tokens
    spread = 100 * math.sqrt(right * (1 - right) / scores.n)
    return scores.exact >= exact - spread and scores.edits <= edits + math.sqrt(edits)


def calibrated(model: Translator, prepared: Prepared) -> calibration.Calibration:
    """Return the calibration of the model: from log-probabilities of answers to their accuracy on the dev set."""
    measured = outcomes(model, prepared)
    found, usual = familiar(prepared)
    # The lowered confidence of unusual sources would otherwise be taken for that of the usual ones, too.
    fitted = usual if usual.sum() >= FITTED else np.ones(len(usual), np.bool_)
    fit = calibration.fit(measured.totals[fitted].tolist(), measured.right[fitted].tolist())
    return msgspec.structs.replace(fit, n=len(usual), familiarity=found)


class Outcomes(NamedTuple):
    """The log-probability of the answer to each dev source, and whether it is right.   (n,).   scores: of all."""

    totals: Array
    right: npt.NDArray[np.bool_]
    scores: metrics.Scores


def outcomes(model: Translator, prepared: Prepared) -> Outcomes:
    """Return the outcomes of the answers to the dev sources."""
    sources, features = zip(*prepared.dev.texts, strict=True)
    alone = Options(lexicon=False)  # an answer from the lexicon is not the network's
    answers = [hypotheses[0] for hypotheses in model.predict(sources, features=features, options=alone)]
    split = prepared.target.split
    tokens = [split(answer.text) for answer in answers]
    right = [one in group for one, group in zip(tokens, prepared.dev.references, strict=True)]
    totals = np.array([sum(answer.log_probs) for answer in answers])
    return Outcomes(totals, np.array(right), metrics.evaluate(tokens, prepared.dev.references))


def familiar(prepared: Prepared) -> tuple[familiarity.Familiarity, npt.NDArray[np.bool_]]:
    """Return a measure of how familiar a source is, and which dev sources are usual by it."""
    examples, is_feature = prepared.examples, vocabulary.features(prepared.source.vocabulary)

    def without_features(ids: Ids) -> list[int]:
        return [int(i) for i in ids[int(is_feature[ids].sum()) :]]  # features come first

    def portions() -> Iterator[list[list[int]]]:
        chosen = range(0, len(examples), -(-len(examples) // FAMILIAR) or 1)
        starts = examples.source_starts
        for first in range(0, len(chosen), PORTION):
            yield [
                without_features(examples.source[starts[n] : starts[n + 1]]) for n in chosen[first : first + PORTION]
            ]

    dev = [without_features(np.array(ids)) for ids in prepared.dev.sources]
    found = familiarity.fit(
        portions(), dev, n_ids=len(prepared.source.vocabulary), longest=prepared.limits.longest_source
    )
    lengths, none = np.array([len(ids) - 1 for ids in dev], np.int32), np.zeros(len(dev), np.int32)
    return found, found.usual(found.table().surprises(dev), lengths, none) >= 1


def dev_examples(answers: Sequence[Sequence[str]], prepared: Prepared) -> list[Example]:
    """Return a short, a medium and a long dev source with their answers, always the same sources of a dev set.

    answers: to all dev sources, from `dev_answers`.
    """
    order = sorted(range(len(answers)), key=lambda i: (len(prepared.dev.sources[i]), i))
    chosen = dict.fromkeys(order[int(share * len(order))] for share in EXAMPLES_AT)  # fewer for a small dev set
    join = prepared.target.join
    return [
        Example(
            source=" ".join(filter(None, prepared.dev.texts[i])),
            answer=join(answers[i]),
            reference=join(prepared.dev.references[i][0]),
            right=answers[i] in prepared.dev.references[i],
        )
        for i in chosen
    ]
