"""Answers to the dev set with the weights as they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqwright import metrics, search
from seqwright.data import batches, vocabulary
from seqwright.models import Seq2seq
from seqwright.search.ensemble import ensemble
from seqwright.training.prepare import Prepared

__all__ = ["dev_scores"]

DEV_BATCH = 256


def dev_scores(networks: Sequence[Seq2seq], prepared: Prepared) -> metrics.Scores:
    """Return the scores of the greedy answers of a network, or of several as an ensemble, to all dev sources."""
    sources = prepared.dev_sources
    answers: list[list[str]] = [[] for _ in sources]
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    for first in range(0, len(order), DEV_BATCH):
        index = order[first : first + DEV_BATCH]
        limits = np.array([prepared.limits.max_length(len(sources[i])) for i in index], np.int32)
        padded = batches.pad([sources[i] for i in index])
        start, end, never = vocabulary.START, vocabulary.END, vocabulary.NEVER_ANSWERED
        if len(networks) == 1 and networks[0].compiled:
            one = networks[0].beam(*padded, width=1, start_id=start, end_id=end, max_lengths=limits, forbidden=never)
            found = [best for [best] in search.candidates(*one)]
        else:
            step, state = ensemble([network.start(*padded, forbidden=never) for network in networks])
            found = search.greedy(step, state, start_id=start, end_id=end, max_lengths=limits)
        for i, candidate in zip(index, found, strict=True):
            # Cut again, because the same text can be made of other subwords.
            text = prepared.target_format.join(prepared.target_vocabulary.decode(candidate.ids))
            answers[i] = prepared.target_format.split(text)
    return metrics.evaluate(answers, prepared.dev_references)
