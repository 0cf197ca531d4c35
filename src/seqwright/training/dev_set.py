"""The dev pairs of a training: from dev files or held out, without sources that are training sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from seqwright import metrics, provenance
from seqwright.bundle import Bundle
from seqwright.config import TrainingConfig
from seqwright.data import batches, holdout, overlap, readers, vocabulary
from seqwright.errors import DataError

__all__ = ["DevSet", "choose"]


class DevSet(NamedTuple):
    """Dev pairs, and the record of how they were chosen.   base: provenance of the model to fine-tune, if any."""

    pairs: list[readers.Pair]
    record: provenance.DevRecord
    base: provenance.Provenance | None


def choose(
    dev: Sequence[readers.Pair],
    config: TrainingConfig,
    reading: provenance.Reading,
    examples: batches.Examples,
    source_vocabulary: vocabulary.Vocabulary,
    *,
    is_held_out: bool,
    base: Bundle | None,
    base_directory: Path | None,
) -> DevSet:
    """Return the dev pairs whose sources are not training sources, up to `config.dev_limit` sources.

    Training sources are those of the examples and, in fine-tuning, those of the model `base` in base_directory. If all
    dev sources are training sources, all are used, and the record has the status "seen".
    """
    tokens = {(pair.source, pair.features): reading.tokens(pair) for pair in dev}
    seen = _seen(set(tokens.values()), examples, source_vocabulary)
    status: Literal["unseen", "seen", "unknown"] = "unseen"
    base_provenance = None
    if base is not None and base_directory is not None:
        try:
            seen |= provenance.seen_in_training(base, base_directory, set(tokens.values()))
            base_provenance = provenance.provenance(base.manifest)
        except DataError:
            status = "unknown"
    left = [pair for pair in dev if tokens[pair.source, pair.features] not in seen]
    if dev and not left:
        left, status = list(dev), "seen"
    pairs = provenance.measured(left, config.dev_limit)
    record = provenance.DevRecord(
        origin="held out" if is_held_out else "files",
        share=config.dev_share if is_held_out else None,
        seed=config.dev_seed if is_held_out else None,
        at_most=holdout.AT_MOST if is_held_out else None,
        max_tokens=reading.max_tokens,
        limit=config.dev_limit,
        n_seen=sum(1 for one in tokens.values() if one in seen),
        status=status,
        n_sources=len(metrics.group_references(pairs)[0]),
        n_pairs=len(pairs),
        sources_sha256=provenance.sources_sha256(pairs),
        pairs_sha256=provenance.pairs_sha256(pairs),
    )
    return DevSet(pairs, record, base_provenance)


def _seen(
    sources: set[tuple[str, ...]], examples: batches.Examples, source_vocabulary: vocabulary.Vocabulary
) -> set[tuple[str, ...]]:
    """Return the sources, as tokens, that a training pair has; a source with an unknown symbol is in none."""
    known = [one for one in sources if all(token in source_vocabulary for token in one)]
    found = overlap.sources_in(examples, [[*source_vocabulary.encode(one), vocabulary.END] for one in known])
    return {one for one, is_seen in zip(known, found, strict=True) if is_seen}
