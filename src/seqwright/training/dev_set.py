"""The dev pairs that a training measures on: of its dev files or held out, without sources that a network has seen."""

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
    """Pairs to measure on, and how they were chosen.   base: provenance of the model to start from, if it has one."""

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
    """Return up to `config.dev_limit` sources of the dev pairs that no training pair has.

    Training pairs are the examples and, of a training from the model `base` in base_directory, those of that one. Where
    every dev source is among them, they are measured on nevertheless, and the record says so.
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
    """Return which sources, as tokens, a training pair has.   One with an unknown symbol is in none."""
    known = [one for one in sources if all(token in source_vocabulary for token in one)]
    found = overlap.sources_in(examples, [[*source_vocabulary.encode(one), vocabulary.END] for one in known])
    return {one for one, is_seen in zip(known, found, strict=True) if is_seen}
