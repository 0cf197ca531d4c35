"""The trainings before and after auxiliary data: a first model without it, whose answers it may be, and the choice.

The first model is trained without auxiliary data. It answers the unlabelled sources (self-training: Scudder 1965,
"Probability of Error of Some Adaptive Pattern-Recognition Machines"; He et al. 2020), as an ensemble of at least
`TEACHERS` networks, since a network hardly learns from its own answers. The model is then trained with auxiliary data.
It is kept unless its dev score is lower by more than one standard error than that of the first model, of which as many
networks count: those that the same training without auxiliary data has.

In a cross-validation, the folds are trained both without and with auxiliary data, and their scores decide for the model
of all pairs. The first model of a fold answers the unlabelled sources for this fold, as it has not seen the pairs on
which it is measured; the first models of all folds vote on the answers for the model of all pairs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from seqwright import bundle, metrics
from seqwright.config import Config
from seqwright.data import batches, vocabulary
from seqwright.inference import Answer
from seqwright.inference.answer import Flag
from seqwright.inference.translator import Translator
from seqwright.models import weights
from seqwright.training import events, measure
from seqwright.training.auxiliary import Auxiliary
from seqwright.training.cross_validation import Fold, Validated
from seqwright.training.prepare import Prepared

__all__ = ["Kept", "chosen", "compared", "first", "taught", "without"]

TEACHERS = 3  # networks that answer unlabelled sources
CONFIDENT = 0.5  # least confidence of an answer to learn from
CHUNK = 512  # sources answered together


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the auxiliary data was kept, for the manifest.

    n_related, n_answered: pairs of each kind.   accuracy, without: exact match in percent on dev, or in the
    cross-validation, with auxiliary data and without.
    """

    kept: bool
    n_related: int
    n_answered: int
    accuracy: float
    without: float


def without(config: Config) -> Config:
    """Return the configuration of the same training without auxiliary data."""
    return msgspec.structs.replace(config, training=msgspec.structs.replace(config.training, unlabelled="", also=""))


def first(config: Config) -> Config:
    """Return the configuration of the first model."""
    members = max(config.training.members, TEACHERS if config.training.unlabelled else 1)
    networks = [config.networks[n % config.training.members] for n in range(members)]
    training = msgspec.structs.replace(config.training, report=False, log="none")
    return without(msgspec.structs.replace(config, training=training)).of(networks)


def taught(prepared: Prepared, teachers: Sequence[Translator]) -> Prepared:
    """Return the data with the answers of the teachers to the unlabelled sources, as far as they are confident.

    Of several answers to a source, the one with the greatest mean confidence is taken. An answer is drawn in proportion
    to this confidence, and the fewer there are, the fewer are drawn, so that a handful is not read more often than the
    training pairs. Sources of training pairs, and those with symbols that these do not have, are left out.
    """
    if not prepared.unlabelled:
        return prepared
    known = {prepared.examples.pair(n)[0] for n in range(len(prepared.examples))}
    pairs, confidences = list[batches.IdPair](), list[float]()
    for (text, features), (answer, confidence) in zip(
        prepared.unlabelled, _voted(teachers, prepared.unlabelled), strict=True
    ):
        if confidence < CONFIDENT:
            continue
        source = tuple(prepared.source.encode(text, features))
        target = tuple(prepared.target.encode(answer))
        if source not in known and vocabulary.UNKNOWN not in (*source, *target):
            pairs.append((source, target))
            confidences.append(confidence)
    described = (
        f"answers  {len(pairs):,} of {len(prepared.unlabelled):,} unlabelled sources, confidence {CONFIDENT} at least"
    )
    prepared = dataclasses.replace(prepared, reading=[*prepared.reading, described])
    if not pairs:
        return prepared
    share = min(prepared.config.training.unlabelled_share, len(pairs) / len(prepared.examples))
    answered = Auxiliary(batches.Examples.of(pairs), np.array(confidences) / sum(confidences), share)
    return dataclasses.replace(prepared, auxiliary=[*prepared.auxiliary, answered])


def _voted(teachers: Sequence[Translator], sources: Sequence[tuple[str, str]]) -> list[tuple[str, float]]:
    """Return the answer to each source with the greatest mean confidence over the teachers, and this confidence."""
    votes: list[dict[str, float]] = [{} for _ in sources]
    for teacher in teachers:
        for answer, found in zip(_answers(teacher, sources), votes, strict=True):
            if answer.hypotheses and not set(answer.flags) - {Flag.LEXICON}:
                confidence = 1.0 if Flag.LEXICON in answer.flags else (answer.confidence or 0.0)
                found[answer.text] = found.get(answer.text, 0.0) + confidence / len(teachers)
    return [max(found.items(), key=lambda one: one[1], default=("", 0.0)) for found in votes]


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
    scores_without = measure.outcomes(Translator(rival), before.prepared).scores
    kept = _kept(prepared, measure.outcomes(Translator(model), prepared).scores, scores_without)
    listen(events.Chosen(kept.kept, kept.accuracy, kept.without))
    manifest = model.manifest | {"auxiliary": kept}
    if kept.kept:
        return msgspec.structs.replace(model, manifest=manifest)
    scores = {
        "epoch": before.model.bundle.manifest["scores"]["epoch"], "dev_accuracy": scores_without.exact,
        "dev_ter": scores_without.ter,
    }  # fmt: skip
    calibration = measure.calibrated(Translator(rival), before.prepared)
    return msgspec.structs.replace(rival, manifest=manifest | {"scores": scores, "calibration": calibration})


def compared(prepared: Prepared, found: Validated, plain: Validated, listen: Callable[[events.Event], None]) -> Kept:
    """Return whether auxiliary data is kept by cross-validation.   found, plain: that with it, that without it."""
    kept = _kept(prepared, found.pooled, plain.pooled)
    listen(events.Chosen(kept.kept, kept.accuracy, kept.without, cross_validated=True))
    return kept


def _kept(prepared: Prepared, found: metrics.Scores, plain: metrics.Scores) -> Kept:
    n_answered = _n_answered(prepared)
    return Kept(
        kept=measure.as_good(found, exact=plain.exact, ter=plain.ter),
        n_related=sum(len(one.examples) for one in prepared.auxiliary) - n_answered,
        n_answered=n_answered,
        accuracy=found.exact,
        without=plain.exact,
    )


def _n_answered(prepared: Prepared) -> int:
    has_related = bool(prepared.config.training.also)
    return sum(len(one.examples) for one in prepared.auxiliary[int(has_related) :])


def _part(model: bundle.Bundle, config: Config) -> bundle.Bundle:
    """Return the first networks of a model, as many as the configuration has."""
    networks = [one.arrays for one in model.networks[: config.training.members]]
    return msgspec.structs.replace(model, config=config, weights=weights.joined(networks, numbered=len(networks) > 1))
