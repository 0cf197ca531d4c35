"""Scores and alignments of given targets."""

from __future__ import annotations

from collections.abc import Sequence

from seqwright.bundle import Bundle
from seqwright.data import vocabulary
from seqwright.inference.answer import Answer, Flag, spelled
from seqwright.inference.options import Options
from seqwright.inference.predicting import Predictor
from seqwright.inference.reading import Reading

__all__ = ["scored"]


def scored(
    sources: Sequence[str],
    features: Sequence[str],
    targets: Sequence[str],
    *,
    bundle: Bundle,
    predictor: Predictor,
    options: Options,
) -> list[Answer]:
    """Return for each pair an answer whose only hypothesis is the target. No source is split or shortened."""
    readings = [
        predictor.reader.read(source, f, max_tokens=max(len(source), 1) * 64)
        for source, f in zip(sources, features, strict=True)
    ]
    tokens = [bundle.target.split(target) for target in targets]
    ids = [_ids(some, reading, bundle) for some, reading in zip(tokens, readings, strict=True)]
    answers: list[Answer] = [Answer(source="", hypotheses=[])] * len(sources)
    for i, candidate in predictor.searcher.score([one.windows[0].ids for one in readings], ids, options):
        hypothesis = predictor.decoded(candidate, readings[i], readings[i].windows[0])
        unknown = [token for token, symbol in zip(tokens[i], ids[i], strict=True) if symbol == vocabulary.PAD]
        flags = [Flag.UNKNOWN + symbol for symbol in spelled(readings[i].unknown)]
        flags += [Flag.UNKNOWN_TARGET + symbol for symbol in spelled(unknown)]
        given = hypothesis._replace(text=targets[i], tokens=tokens[i])
        answers[i] = Answer(source=sources[i], features=features[i], hypotheses=[given], flags=tuple(flags))
    return answers


def _ids(tokens: Sequence[str], reading: Reading, bundle: Bundle) -> list[int]:
    """Return the ids of a target; PAD for a token that the model can neither predict nor copy from the source."""
    copied = reading.unknown if bundle.config.model.copying else []
    encoded = zip(tokens, bundle.target.vocabulary.encode(tokens), strict=True)
    return [
        vocabulary.PAD if symbol == vocabulary.UNKNOWN and token not in copied else symbol for token, symbol in encoded
    ]
