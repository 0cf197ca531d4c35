"""The data of a training: from files to ids, vocabularies, dev pairs and the settings that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from seqwright import metrics, provenance
from seqwright.bundle import Bundle
from seqwright.config import Config, TextConfig
from seqwright.data import batches, cache, corpus, encode, readers, subwords, text, vocabulary
from seqwright.data.limits import Limits
from seqwright.errors import DataError, UsageError
from seqwright.inference.reading import Reader, Reading
from seqwright.training import dev_set, fine_tune, recipe, unknown_dropout
from seqwright.training.traits import Traits
from seqwright.types import Array, Ids

__all__ = ["Prepared", "prepare"]

FEATURES = 3  # number of the column of features if the schema has none
UNKNOWNS_AN_EPOCH = 25  # at least, to train the unknown symbol if every symbol is frequent


class Prepared(NamedTuple):
    """Data ready for training, and the configuration with all defaults filled in."""

    config: Config
    source_vocabulary: vocabulary.Vocabulary
    target_vocabulary: vocabulary.Vocabulary
    limits: Limits
    examples: batches.Examples
    unknown_rates: Array  # (V,) of unknown-symbol dropout, for each source symbol
    unknown_ids: Ids | None  # (V,) the replacement of each symbol; None if it is always UNKNOWN
    dev_pairs: list[readers.Pair]  # as in the file
    dev_texts: list[tuple[str, str]]  # their distinct (source, features)
    dev_readings: list[Reading]  # of each source, as a trained model reads it
    dev_sources: list[list[int]]  # their ids, followed by END
    dev_references: list[list[list[str]]]  # tokens; several right answers for one source
    dev_origin: str  # described for people
    provenance: provenance.Provenance
    source_subwords: subwords.Subwords | None
    target_subwords: subwords.Subwords | None
    target_format: text.Splitter
    lexicon: list[readers.Pair]  # pairs that the model answers by lookup
    excluded: list[corpus.Excluded]  # pairs that are left out because they are too long
    traits: Traits
    reading: list[str]  # a description of the columns of the files, a line each

    @property
    def pairs_per_epoch(self) -> int:
        """The examples that are read in an epoch, with synthetic ones (`training.augmentation`)."""
        n_pairs = len(self.examples)
        return n_pairs + round((self.config.training.augmentation or 0.0) * n_pairs)

    def dev_part(self, index: Sequence[int]) -> Prepared:
        """Return the data with some of the dev sources only."""
        return self._replace(
            dev_texts=[self.dev_texts[i] for i in index],
            dev_readings=[self.dev_readings[i] for i in index],
            dev_sources=[self.dev_sources[i] for i in index],
            dev_references=[self.dev_references[i] for i in index],
        )


def prepare(
    paths: readers.Pairs,
    dev_paths: readers.Pairs | None,
    config: Config,
    *,
    base: Bundle | None = None,
    base_directory: Path | None = None,
) -> Prepared:
    """Read the pairs of `paths`; take dev pairs from dev_paths, or hold some out by source.

    Pairs that are too many for memory are kept in files (`data.encode`), in `training.cache` if it is set.
    base: the model in base_directory to fine-tune, whose symbols keep their ids; the configuration is then one of
    `fine_tune.settings`.
    DataError: a file cannot be read as pairs, there are too few pairs, or dev and training pairs share no symbol.
    """
    inputs = readers.inputs(paths)
    dev_inputs = [] if dev_paths is None else readers.inputs(dev_paths)
    if any(_reads_standard_input(one) for one in inputs) and any(_reads_standard_input(one) for one in dev_inputs):
        raise UsageError("standard input cannot be both the pairs and the dev pairs; give one of them as a file")
    place = cache.Place(Path(config.training.cache)) if config.training.cache else None
    found = encode.read(
        inputs, _request(config, config.text.columns(), hold_out=dev_paths is None, base=base), place=place
    )
    found_text = _found_text(config, found)
    columns = found_text.later_columns()  # dev pairs and lexicon are read as the pairs were
    reading = provenance.Reading(columns, found.source_format, found.target_format, config.training.max_batch_tokens)
    if dev_paths is None:
        dev, excluded, origin = found.dev, found.excluded, f"held out of {', '.join(one.name for one in inputs)}"
    else:
        dev, too_long = provenance.dev_of_files(dev_inputs, reading)
        excluded = found.excluded + [corpus.Excluded(*one) for one in too_long]
        origin = ", ".join(one.name for one in dev_inputs)
    lexicon_inputs = readers.inputs(config.training.lexicon) if config.training.lexicon else []
    lexicon = [pair for one in lexicon_inputs for pair in one.pairs(columns) if pair.source or pair.target]
    source_vocabulary, target_vocabulary, examples, limits = _encoded(found, base)
    _check_overlap(dev, reading, source_vocabulary, target_vocabulary, origin)
    limit = recipe.dev_limit(config.training, sentences=found.sentences)
    chosen = dev_set.choose(
        dev, msgspec.structs.replace(config.training, dev_limit=limit), reading, examples, source_vocabulary,
        is_held_out=dev_paths is None, base=base, base_directory=base_directory,
    )  # fmt: skip
    dev_texts, references = metrics.group_references(chosen.pairs)
    reader = Reader(found.source_format, source_vocabulary, drop_unknown_features=False)
    dev_readings = [reader.read(*source, max_tokens=limits.window) for source in dev_texts]
    encoded = [[*source_vocabulary.encode([*one.features, *one.tokens]), vocabulary.END] for one in dev_readings]
    dev_references = [[found.target_format.split(reference) for reference in group] for group in references]
    files = [
        *provenance.file_records(inputs, "train", found.hashes),
        *(record for one in dev_inputs for record in provenance.file_records([one], "dev", one.hashes)),
        *(r for one in lexicon_inputs for r in provenance.file_records([one], "lexicon", one.hashes)),
    ]

    hidden = UNKNOWNS_AN_EPOCH / max(1, len(found.examples.source))
    traits = Traits.of(examples, source_vocabulary, target_vocabulary, sentences=found.sentences)
    config = recipe.complete(msgspec.structs.replace(config, text=found_text), traits)
    word_dropout = config.training.word_dropout or 0.0
    return Prepared(
        config,
        source_vocabulary,
        target_vocabulary,
        limits,
        examples,
        unknown_dropout.source_rates(source_vocabulary, at_least=max(word_dropout, min(1e-3, hidden))),
        unknown_dropout.replacements(source_vocabulary),
        chosen.pairs,
        dev_texts,
        dev_readings,
        encoded,
        dev_references,
        origin,
        provenance.Provenance(files=files, dev=chosen.record, base=chosen.base),
        found.source_format if isinstance(found.source_format, subwords.Subwords) else None,
        found.target_format if isinstance(found.target_format, subwords.Subwords) else None,
        found.target_format,
        lexicon,
        excluded,
        traits,
        corpus.described(found.readings),
    )


def _encoded(
    found: corpus.Corpus, base: Bundle | None
) -> tuple[vocabulary.Vocabulary, vocabulary.Vocabulary, batches.Examples, Limits]:
    """Return source and target vocabulary, examples and limits, which extend those of the model to fine-tune."""
    source_vocabulary, target_vocabulary = found.source_vocabulary, found.target_vocabulary
    if found.has_features:
        source_vocabulary = source_vocabulary.with_unknown_feature()
    if base is None:
        return source_vocabulary, target_vocabulary, found.examples, found.limits
    source_vocabulary = fine_tune.extended(base.source_vocabulary, source_vocabulary)
    target_vocabulary = fine_tune.extended(base.target_vocabulary, target_vocabulary)
    both = (found.source_vocabulary, found.target_vocabulary), (source_vocabulary, target_vocabulary)
    return (
        source_vocabulary,
        target_vocabulary,
        fine_tune.remapped(found.examples, *both),
        found.limits.joined(base.limits),
    )


def _reads_standard_input(one: readers.Input) -> bool:
    return "-" in map(str, one.paths)


def _request(config: Config, columns: readers.Columns, *, hold_out: bool, base: Bundle | None) -> encode.Request:
    source, target = (None, None) if base is None else (base.source_subwords, base.target_subwords)
    return encode.Request(
        columns=columns,
        source_tokens=config.text.source_tokens,
        source_form=config.text.source_form,
        target_tokens=config.text.target_tokens,
        target_form=config.text.target_form,
        source_model=None if source is None else source.model,
        target_model=None if target is None else target.model,
        dev_share=config.training.dev_share if hold_out else None,
        seed=config.training.dev_seed if hold_out else 0,  # has no other effect, and would need another cache
        max_tokens=config.training.max_batch_tokens,
    )


def _found_text(config: Config, found: corpus.Corpus) -> TextConfig:
    """Return the text configuration with what the data determined."""
    source, target = found.source_format, found.target_format
    schema = found.readings[0].schema
    features = (schema.features or FEATURES) if found.has_features else 0
    given = config.text.schema
    if given is not None and given.format != schema.format:  # of a student, whose training files are answers
        schema = given
    return msgspec.structs.replace(
        config.text,
        features_column=features,
        schema=msgspec.structs.replace(schema, features=(schema.features or features) if features else 0),
        source_tokens=_tokens(source, config.text.source_tokens),
        source_form=source.unicode_form,
        target_tokens=_tokens(target, config.text.target_tokens),
        target_form=target.unicode_form,
    )


def _tokens(found: text.TextFormat | subwords.Subwords, wanted: str | None) -> str:
    """Return the setting for the tokens of a side."""
    if isinstance(found, text.TextFormat):
        return found.tokens
    return wanted or f"subwords:{found.n_pieces}"


def _check_overlap(
    dev: Sequence[readers.Pair],
    reading: provenance.Reading,
    source_vocabulary: vocabulary.Vocabulary,
    target_vocabulary: vocabulary.Vocabulary,
    origin: str,
) -> None:
    if not dev:
        raise DataError(f"{origin}: no dev pairs; give a dev file with pairs, or none to hold some out")
    known = any(token in source_vocabulary for pair in dev for token in reading.tokens(pair))
    target = any(token in target_vocabulary for pair in dev for token in reading.target.split(pair.target))
    if not known or not target:
        side = "source" if not known else "target"
        raise DataError(
            f"{origin}: its {side}s share no symbol with the training {side}s; "
            f"is it of the same task, with the columns in the same order?"
        )
