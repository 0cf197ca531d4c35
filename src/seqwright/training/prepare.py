"""From files to ids: everything that a training finds in its data before the first step."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from seqwright import metrics
from seqwright.bundle import Limits
from seqwright.config import Config
from seqwright.data import batches, holdout, readers, text, vocabulary
from seqwright.errors import DataError, UsageError
from seqwright.training import recipe
from seqwright.types import Array

__all__ = ["Prepared", "prepare"]

UNKNOWNS_AN_EPOCH = 25  # at least, so that the unknown symbol is trained where every symbol is frequent


class Prepared(NamedTuple):
    """Data ready for training, and the configuration with all that was found."""

    config: Config
    source_vocabulary: vocabulary.Vocabulary
    target_vocabulary: vocabulary.Vocabulary
    limits: Limits
    examples: batches.Examples
    unknown_rates: Array  # (V,) how often training hides each source symbol
    dev_sources: list[list[int]]
    dev_references: list[list[list[str]]]  # tokens; several right answers for one source
    dev_origin: str
    hashes: dict[str, str]  # SHA-256 of each file


def prepare(path: Path | str, dev_path: Path | str | None, config: Config) -> Prepared:
    """Read the pairs of `path`; take dev pairs from dev_path, or hold some out by source.

    DataError: a file that cannot be read as pairs, too little to train on, or a dev set that shares no symbol.
    """
    name = readers.display_name(path)
    if str(path) == "-" == str(dev_path):
        raise UsageError("standard input cannot be both the pairs and the dev pairs; give one of them as a file")
    columns = readers.Columns(
        source=config.text.source_column, target=config.text.target_column, features=config.text.features_column
    )
    pairs = [pair for pair in readers.read_pairs(path, columns=columns) if pair.source or pair.target]
    features_column = columns.features_if_found if any(pair.features for pair in pairs) else 0
    if len(pairs) < 2:
        raise DataError(f"{name}: one pair only; a model needs at least two to learn from, better thousands")
    if dev_path is None:
        try:
            pairs, dev = holdout.split(pairs, fraction=config.training.dev_share, seed=config.training.seed)
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
        origin = f"held out of {name}"
    else:
        columns = dataclasses.replace(columns, features=features_column)  # the dev file is read as the pairs were
        dev = [pair for pair in readers.read_pairs(dev_path, columns=columns) if pair.source or pair.target]
        origin = readers.display_name(dev_path)

    source_format = text.detect(
        [p.source for p in pairs], tokens=config.text.source_tokens, unicode_form=config.text.source_form
    )
    target_format = text.detect(
        [p.target for p in pairs], tokens=config.text.target_tokens, unicode_form=config.text.target_form
    )
    source_vocabulary = vocabulary.Vocabulary.build(
        text.source_tokens(pair.source, pair.features, source_format) for pair in pairs
    )
    target_vocabulary = vocabulary.Vocabulary.build(target_format.split(pair.target) for pair in pairs)
    dev_sources, dev_references = _measured(dev, config.training.dev_limit, target_format)
    encoded = [batches.encode_source(*source, source_format, source_vocabulary) for source in dev_sources]
    _check_overlap(encoded, dev_references, target_vocabulary, origin)

    examples = batches.encode_pairs(
        pairs, source_format=source_format, target_format=target_format,
        source_vocabulary=source_vocabulary, target_vocabulary=target_vocabulary,
    )  # fmt: skip
    hidden = UNKNOWNS_AN_EPOCH / max(1, len(examples.source))
    found = msgspec.structs.replace(
        config.text, features_column=features_column,
        source_tokens=source_format.tokens, source_form=source_format.unicode_form,
        target_tokens=target_format.tokens, target_form=target_format.unicode_form,
    )  # fmt: skip
    return Prepared(
        recipe.complete(msgspec.structs.replace(config, text=found), len(pairs)),
        source_vocabulary,
        target_vocabulary,
        Limits(
            int(examples.target_lengths.max()) - 1, float((examples.target_lengths / examples.source_lengths).max())
        ),
        examples,
        batches.unknown_rates(source_vocabulary, at_least=min(1e-3, hidden)),
        encoded,
        dev_references,
        origin,
        {str(p): _sha256(p) for p in (path, dev_path) if p is not None and str(p) != "-"},
    )


def _measured(
    dev: Sequence[readers.Pair], limit: int, target_format: text.TextFormat
) -> tuple[list[tuple[str, str]], list[list[list[str]]]]:
    """Return (source, features) of up to `limit` dev sources, evenly from the whole set, and their reference tokens."""
    sources, references = metrics.group_references(dev)
    kept = range(0, len(sources), -(-len(sources) // limit) or 1)
    return [sources[i] for i in kept], [[target_format.split(t) for t in references[i]] for i in kept]


def _check_overlap(
    sources: Sequence[Sequence[int]],
    references: Sequence[Sequence[Sequence[str]]],
    target_vocabulary: vocabulary.Vocabulary,
    origin: str,
) -> None:
    if not sources:
        raise DataError(f"{origin}: no dev pairs; give a dev file with pairs, or none to hold some out")
    known = any(set(ids) - {vocabulary.UNKNOWN, vocabulary.END} for ids in sources)
    target = any(token in target_vocabulary for group in references for tokens in group for token in tokens)
    if not known or not target:
        side = "source" if not known else "target"
        raise DataError(
            f"{origin}: its {side}s share no symbol with the training {side}s; "
            f"is it of the same task, with the columns in the same order?"
        )


def _sha256(path: Path | str) -> str:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
