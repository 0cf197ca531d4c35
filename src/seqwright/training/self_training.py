"""The trainings before and after auxiliary data: a first model without it, whose answers it may be, and the choice.

The first model is trained without auxiliary data. It answers the unlabelled sources (self-training: Scudder 1965,
"Probability of Error of Some Adaptive Pattern-Recognition Machines"; He et al. 2020), as an ensemble of at least
`TEACHERS` networks, since a network hardly learns from its own answers. The model is then trained with auxiliary data.
It is kept unless its dev score is lower by more than one standard error than that of the first model, of which as many
networks count: those that the same training without auxiliary data has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from seqwright import bundle
from seqwright.config import Config
from seqwright.data import batches, vocabulary
from seqwright.inference import Answer
from seqwright.inference.answer import Flag
from seqwright.inference.translator import Translator
from seqwright.models import weights
from seqwright.training import events, measure
from seqwright.training.auxiliary import Auxiliary
from seqwright.training.cross_validation import Fold
from seqwright.training.prepare import Prepared

__all__ = ["Kept", "chosen", "first", "taught"]

TEACHERS = 3  # networks that answer unlabelled sources
CONFIDENT = 0.5  # least confidence of an answer to learn from
CHUNK = 512  # sources answered together


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the auxiliary data was kept, for the manifest.

    n_related, n_answered: pairs of each kind.   accuracy, without: exact match on dev in percent, of the model with
    auxiliary data and without.
    """

    kept: bool
    n_related: int
    n_answered: int
    accuracy: float
    without: float


def first(config: Config) -> Config:
    """Return the configuration of the first model."""
    members = max(config.training.members, TEACHERS if config.training.unlabelled else 1)
    networks = [config.networks[n % config.training.members] for n in range(members)]
    training = msgspec.structs.replace(config.training, unlabelled="", also="", report=False, log="none")
    return msgspec.structs.replace(config, training=training).of(networks)


def taught(prepared: Prepared, teacher: Translator) -> Prepared:
    """Return the data with the answers of the teacher to the unlabelled sources, as far as they are confident.

    An answer is drawn in proportion to its confidence. Sources of training pairs, and those with symbols that these do
    not have, are left out.
    """
    if not prepared.unlabelled:
        return prepared
    known = {prepared.examples.pair(n)[0] for n in range(len(prepared.examples))}
    pairs, confidences = list[batches.IdPair](), list[float]()
    for answer in _answers(teacher, prepared.unlabelled):
        confidence = 1.0 if Flag.LEXICON in answer.flags else (answer.confidence or 0.0)
        if not answer.hypotheses or set(answer.flags) - {Flag.LEXICON} or confidence < CONFIDENT:
            continue
        source = tuple(prepared.source.encode(answer.source, answer.features))
        target = tuple(prepared.target.encode(answer.text))
        if source not in known and vocabulary.UNKNOWN not in (*source, *target):
            pairs.append((source, target))
            confidences.append(confidence)
    described = (
        f"answers  {len(pairs):,} of {len(prepared.unlabelled):,} unlabelled sources, confidence {CONFIDENT} at least"
    )
    prepared = dataclasses.replace(prepared, reading=[*prepared.reading, described])
    if not pairs:
        return prepared
    share = prepared.config.training.unlabelled_share
    answered = Auxiliary(batches.Examples.of(pairs), np.array(confidences) / sum(confidences), share)
    return dataclasses.replace(prepared, auxiliary=[*prepared.auxiliary, answered])


def _answers(teacher: Translator, sources: Sequence[tuple[str, str]]) -> list[Answer]:
    found: list[Answer] = []
    for begin in range(0, len(sources), CHUNK):
        texts, features = zip(*sources[begin : begin + CHUNK], strict=True)
        found += teacher.answer(texts, features=features)
    return found


def chosen(
    model: bundle.Bundle, prepared: Prepared, before: Fold, listen: Callable[[events.Event], None]
) -> bundle.Bundle:
    """Return the model, or the first one if the model is worse on the dev set.   before: the first model, its data."""
    rival = _part(before.model.bundle, prepared.config)
    without = measure.outcomes(Translator(rival), before.prepared).scores
    found = measure.outcomes(Translator(model), prepared).scores
    kept = Kept(
        kept=measure.as_good(found, exact=without.exact, ter=without.ter),
        n_related=sum(len(one.examples) for one in prepared.auxiliary) - _n_answered(prepared),
        n_answered=_n_answered(prepared),
        accuracy=found.exact,
        without=without.exact,
    )
    listen(events.Chosen(kept.kept, kept.accuracy, kept.without))
    manifest = model.manifest | {"auxiliary": kept}
    if kept.kept:
        return msgspec.structs.replace(model, manifest=manifest)
    scores = {
        "epoch": before.model.bundle.manifest["scores"]["epoch"], "dev_accuracy": without.exact, "dev_ter": without.ter,
    }  # fmt: skip
    calibration = measure.calibrated(Translator(rival), before.prepared)
    return msgspec.structs.replace(rival, manifest=manifest | {"scores": scores, "calibration": calibration})


def _n_answered(prepared: Prepared) -> int:
    has_related = bool(prepared.config.training.also)
    return sum(len(one.examples) for one in prepared.auxiliary[int(has_related) :])


def _part(model: bundle.Bundle, config: Config) -> bundle.Bundle:
    """Return the first networks of a model, as many as the configuration has."""
    networks = [one.arrays for one in model.networks[: config.training.members]]
    return msgspec.structs.replace(model, config=config, weights=weights.joined(networks, numbered=len(networks) > 1))
