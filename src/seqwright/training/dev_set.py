"""The dev set of a training: pairs of dev files or held-out pairs, without sources that are training sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from seqwright import metrics, provenance
from seqwright.bundle import Bundle
from seqwright.config import TrainingConfig
from seqwright.data import batches, holdout, overlap, readers, vocabulary
from seqwright.data.tokenizer import Tokenizer
from seqwright.errors import DataError
from seqwright.inference.reading import Reader, Reading

__all__ = ["Chosen", "DevSet", "choose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DevSet:
    """The distinct dev sources, in each list at the same index.

    texts: (source, features).   readings: as a trained model reads them.   sources: ids of features and tokens,
    followed by END.   references: tokens of one or more right answers to each source.
    """

    texts: list[tuple[str, str]]
    readings: list[Reading]
    sources: list[list[int]]
    references: list[list[list[str]]]

    @classmethod
    def of(cls, pairs: Sequence[readers.Pair], source: Tokenizer, target: Tokenizer, *, window: int) -> DevSet:
        """Return the dev set of pairs.   window: most tokens of a source that are read at once."""
        texts, references = metrics.group_references(pairs)
        reader = Reader(source, drop_unknown_features=False)
        readings = [reader.read(*one, max_tokens=window) for one in texts]
        return cls(
            texts=texts,
            readings=readings,
            sources=[[*source.vocabulary.encode([*one.features, *one.tokens]), vocabulary.END] for one in readings],
            references=[[target.split(reference) for reference in group] for group in references],
        )

    def examples(self, target: Tokenizer) -> batches.Examples:
        """Return each source with its first reference, in ids."""
        encode = target.vocabulary.encode
        targets = [[vocabulary.START, *encode(group[0]), vocabulary.END] for group in self.references]
        return batches.Examples(*batches.end_to_end(self.sources), *batches.end_to_end(targets))

    def part(self, index: Sequence[int]) -> DevSet:
        """Return some of the sources."""
        return DevSet(
            texts=[self.texts[i] for i in index],
            readings=[self.readings[i] for i in index],
            sources=[self.sources[i] for i in index],
            references=[self.references[i] for i in index],
        )


class Chosen(NamedTuple):
    """Dev pairs, and the record of how they were chosen.   base: provenance of the model to fine-tune, if any."""

    pairs: list[readers.Pair]
    record: provenance.DevRecord
    base: provenance.Provenance | None


def choose(
    dev: Sequence[readers.Pair],
    config: TrainingConfig,
    reading: provenance.Reading,
    examples: batches.Examples,
    *,
    longest: int,
    is_held_out: bool,
    base: Bundle | None,
    base_directory: Path | None,
) -> Chosen:
    """Return the dev pairs whose sources are not training sources, up to `config.dev_limit` sources.

    Training sources are those of the examples and, in fine-tuning, those of the model `base` in base_directory. If all
    dev sources are training sources, all are used, and the record has the status "seen".
    longest: as in `provenance.DevRecord`.
    """
    tokens = {(pair.source, pair.features): reading.tokens(pair) for pair in dev}
    seen = _seen(set(tokens.values()), examples, reading.source.vocabulary)
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
        fold=config.dev_fold if is_held_out else 0,
        at_most=holdout.AT_MOST if is_held_out else None,
        max_tokens=reading.max_tokens,
        longest=longest,
        limit=config.dev_limit,
        n_seen=sum(1 for one in tokens.values() if one in seen),
        status=status,
        n_sources=len(metrics.group_references(pairs)[0]),
        n_pairs=len(pairs),
        sources_sha256=provenance.sources_sha256(pairs),
        pairs_sha256=provenance.pairs_sha256(pairs),
    )
    return Chosen(pairs, record, base_provenance)


def _seen(
    sources: set[tuple[str, ...]], examples: batches.Examples, known_symbols: vocabulary.Vocabulary
) -> set[tuple[str, ...]]:
    """Return the sources, as tokens, that a training pair has; a source with an unknown symbol is in none."""
    known = [one for one in sources if all(token in known_symbols for token in one)]
    found = overlap.sources_in(examples, [[*known_symbols.encode(one), vocabulary.END] for one in known])
    return {one for one, is_seen in zip(known, found, strict=True) if is_seen}
