"""The data of a training: from files to ids, vocabularies, dev pairs and the settings that follow from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from seqwright import provenance
from seqwright.bundle import Bundle
from seqwright.config import Config, TextConfig
from seqwright.data import batches, cache, corpus, encode, readers
from seqwright.data.limits import Limits
from seqwright.data.tokenizer import Segmentation, Tokenizer
from seqwright.errors import DataError, UsageError
from seqwright.training import auxiliary, dev_set, fine_tune, recipe, unknown_dropout
from seqwright.training.traits import Traits
from seqwright.types import Array, Ids

__all__ = ["Prepared", "prepare"]

FEATURES = 3  # number of the column of features if the schema has none
UNKNOWNS_AN_EPOCH = 25  # at least, to train the unknown symbol if every symbol is frequent


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Data ready for training, and the configuration with all defaults filled in.

    unknown_rates (V,): of unknown-symbol dropout, for each source symbol.   unknown_ids (V,): the replacement of each
    symbol; None if it is always UNKNOWN.
    dev_pairs: as in the files.   dev_origin: described for people.   lexicon: pairs that are answered by lookup.
    excluded: pairs that are left out because they are too long.   reading: lines that describe the columns.
    auxiliary: examples to mix in.   unlabelled: (source, features) without targets; none is a dev source.
    """

    config: Config
    source: Tokenizer
    target: Tokenizer
    limits: Limits
    examples: batches.Examples
    unknown_rates: Array
    unknown_ids: Ids | None
    dev: dev_set.DevSet
    dev_pairs: list[readers.Pair]
    dev_origin: str
    provenance: provenance.Provenance
    lexicon: list[readers.Pair]
    excluded: list[corpus.Excluded]
    traits: Traits
    reading: list[str]
    auxiliary: Sequence[auxiliary.Auxiliary] = ()
    unlabelled: Sequence[tuple[str, str]] = ()

    @property
    def pairs_per_epoch(self) -> int:
        """The examples that are read in an epoch, with synthetic ones (`training.augmentation`) and auxiliary ones."""
        n_pairs = len(self.examples)
        shares = [self.config.training.augmentation or 0.0, *(one.share for one in self.auxiliary)]
        return n_pairs + sum(round(share * n_pairs) for share in shares)

    @property
    def is_whole(self) -> bool:
        """Whether the training is on all pairs, after a cross-validation, so that no dev score means anything."""
        return _is_whole(self.config, self.provenance.dev)

    def dev_part(self, index: Sequence[int]) -> Prepared:
        """Return the data with some of the dev sources only."""
        return dataclasses.replace(self, dev=self.dev.part(index))


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
    inputs = _Inputs.of(paths, dev_paths, config.training.lexicon)
    place = cache.Place(Path(config.training.cache)) if config.training.cache else None
    found = encode.read(inputs.pairs, _request(config, hold_out=inputs.dev is None, base=base), place=place)
    training = msgspec.structs.replace(config.training, max_pair_tokens=found.longest)
    config = msgspec.structs.replace(config, text=_found_text(config, found), training=training)
    encoded = _encoded(found, base)
    source, target = encoded.source, encoded.target
    columns = config.text.later_columns()  # dev pairs and lexicon are read as the pairs were
    reading = provenance.Reading(columns, source, target, config.training.max_batch_tokens)
    dev, too_long = (found.dev, []) if inputs.dev is None else provenance.dev_of_files(inputs.dev, reading)
    lexicon = [pair for one in inputs.lexicon for pair in one.pairs(columns) if pair.source or pair.target]
    _check_overlap(dev, reading, inputs)
    limit = recipe.dev_limit(config.training, sentences=found.sentences)
    chosen = dev_set.choose(
        dev, msgspec.structs.replace(config.training, dev_limit=limit), reading, encoded.examples,
        longest=found.longest, is_held_out=inputs.dev is None, base=base, base_directory=base_directory,
    )  # fmt: skip
    traits = Traits.of(encoded.examples, source, target, sentences=found.sentences)
    config = recipe.complete(config, traits)
    is_whole = _is_whole(config, chosen.record)
    more = auxiliary.read(config.training, reading, [] if is_whole else dev, has_features=found.has_features)
    if more.records:
        _check_auxiliary(traits, chosen.record, is_whole=is_whole)
    source, target = more.source, more.target
    return Prepared(
        config=config,
        source=source,
        target=target,
        limits=encoded.limits,
        examples=encoded.examples,
        unknown_rates=_unknown_rates(config, source, n_symbols=len(encoded.examples.source)),
        unknown_ids=unknown_dropout.replacements(source.vocabulary),
        dev=dev_set.DevSet.of(chosen.pairs, source, target, window=encoded.limits.window),
        dev_pairs=chosen.pairs,
        dev_origin=inputs.dev_origin,
        provenance=provenance.Provenance(
            files=[*inputs.records(found.hashes), *more.records], dev=chosen.record, base=chosen.base
        ),
        lexicon=lexicon,
        excluded=found.excluded + [corpus.Excluded(*one) for one in too_long],
        traits=traits,
        reading=[*corpus.described(found.readings), *more.described],
        auxiliary=more.auxiliary,
        unlabelled=more.unlabelled,
    )


class _Inputs(NamedTuple):
    """The files of a training.   dev: None if dev pairs are held out."""

    pairs: list[readers.Input]
    dev: list[readers.Input] | None
    lexicon: list[readers.Input]

    @classmethod
    def of(cls, pairs: readers.Pairs, dev: readers.Pairs | None, lexicon: str) -> _Inputs:
        """Return the inputs.   UsageError: pairs and dev pairs are both standard input."""
        found = cls(
            readers.inputs(pairs),
            None if dev is None else readers.inputs(dev),
            readers.inputs(lexicon) if lexicon else [],
        )
        if all(any("-" in map(str, one.paths) for one in inputs or ()) for inputs in (found.pairs, found.dev)):
            raise UsageError("standard input cannot be both the pairs and the dev pairs; give one of them as a file")
        return found

    @property
    def dev_names(self) -> str:
        """The inputs of which the dev pairs are."""
        return ", ".join(one.name for one in (self.pairs if self.dev is None else self.dev))

    @property
    def dev_origin(self) -> str:
        """A description of the dev pairs."""
        return f"held out of {self.dev_names}" if self.dev is None else self.dev_names

    def records(self, hashes: Mapping[str, str]) -> list[provenance.FileRecord]:
        """Return the records of all files, which have been read.   hashes: of the pairs."""
        return [
            *provenance.file_records(self.pairs, "train", hashes),
            *(record for one in self.dev or () for record in provenance.file_records([one], "dev", one.hashes)),
            *(record for one in self.lexicon for record in provenance.file_records([one], "lexicon", one.hashes)),
        ]


def _request(config: Config, *, hold_out: bool, base: Bundle | None) -> encode.Request:
    text = config.text
    return encode.Request(
        columns=text.columns(),
        source=Segmentation(text.source_tokens, text.source_form, None if base is None else base.source.model),
        target=Segmentation(text.target_tokens, text.target_form, None if base is None else base.target.model),
        dev_share=config.training.dev_share if hold_out else None,
        seed=config.training.dev_seed if hold_out else 0,  # has no other effect, and would need another cache
        fold=config.training.dev_fold if hold_out else 0,
        max_tokens=config.training.max_batch_tokens,
        max_pair_tokens=config.training.max_pair_tokens,
    )


class _Encoded(NamedTuple):
    """What training needs of a corpus, in the ids of the model."""

    source: Tokenizer
    target: Tokenizer
    examples: batches.Examples
    limits: Limits


def _encoded(found: corpus.Corpus, base: Bundle | None) -> _Encoded:
    """Return the tokenizers, which extend those of the model to fine-tune, and the examples in their ids."""
    source, target = found.source, found.target
    if found.has_features:
        source = dataclasses.replace(source, vocabulary=source.vocabulary.with_unknown_feature())
    if base is None:
        return _Encoded(source, target, found.examples, found.limits)
    source, target = fine_tune.extended(base.source, source), fine_tune.extended(base.target, target)
    examples = fine_tune.remapped(found.examples, (found.source, found.target), (source, target))
    return _Encoded(source, target, examples, found.limits.joined(base.limits))


def _unknown_rates(config: Config, source: Tokenizer, *, n_symbols: int) -> Array:
    """Return the rates of unknown-symbol dropout.   (V,).   n_symbols: of all sources."""
    least = min(1e-3, UNKNOWNS_AN_EPOCH / max(1, n_symbols))
    return unknown_dropout.source_rates(source.vocabulary, at_least=max(config.training.word_dropout or 0.0, least))


def _found_text(config: Config, found: corpus.Corpus) -> TextConfig:
    """Return the text configuration with what the data determined."""
    source, target = found.source, found.target
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


def _tokens(found: Tokenizer, wanted: str | None) -> str:
    """Return the setting for the tokens of a side; subwords may be fewer than wanted."""
    return wanted if wanted and found.model else found.tokens


def _is_whole(config: Config, dev: provenance.DevRecord) -> bool:
    return bool(config.training.cross_validation) and dev.status == "seen"


def _check_auxiliary(traits: Traits, dev: provenance.DevRecord, *, is_whole: bool) -> None:
    """Raise UsageError if neither dev pairs nor a cross-validation can show whether auxiliary data helps."""
    if traits.sentences:
        raise UsageError("training.also and training.unlabelled are for strings, not for sentences; leave them out")
    if dev.status != "unseen" and not is_whole:
        raise UsageError(
            "training.also and training.unlabelled are kept where they help on dev pairs, and all of these are or may "
            "be training pairs; give another dev file"
        )


def _check_overlap(dev: Sequence[readers.Pair], reading: provenance.Reading, inputs: _Inputs) -> None:
    if not dev:
        raise DataError(f"{inputs.dev_origin}: no dev pairs; give a dev file with pairs, or none to hold some out")
    source, target = reading.source.vocabulary, reading.target.vocabulary
    knows_source = any(token in source for pair in dev for token in reading.tokens(pair))
    knows_target = any(token in target for pair in dev for token in reading.target.split(pair.target))
    if not knows_source or not knows_target:
        side = "target" if knows_source else "source"
        if inputs.dev is None:
            raise DataError(
                f"{inputs.dev_names}: the {side}s of the pairs held out share no symbol with those of the others; "
                f"add pairs, or give a dev file"
            )
        raise DataError(
            f"{inputs.dev_names}: its {side}s share no symbol with the training {side}s; "
            f"is it of the same task, with the columns in the same order?"
        )
