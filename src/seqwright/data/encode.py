"""From files of any size to a corpus, in one pass over the text.

Tokens get provisional numbers in the order in which they come, because their final ones depend on how frequent they
are; a second pass over the numbers, not the text, replaces them and leaves out what is held out. While there are few
(`IN_MEMORY`), all that happens in memory and nothing is written. Where there are more, the arrays are kept in a `cache`
and mapped into memory from there; the next run with the same content and the same request finds them.

How texts are cut is found, and subwords are trained, from the first `HEAD_PAIRS` pairs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import itertools
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from seqwright import errors
from seqwright.data import (
    batches,
    cache,
    corpus,
    holdout,
    outliers,
    readers,
    sentences,
    spool,
    subwords,
    text,
    vocabulary,
)
from seqwright.data.limits import Limits
from seqwright.data.tokenizer import Segmentation, Tokenizer

__all__ = ["Request", "read", "size"]

Splitter = text.TextFormat | subwords.Subwords

VERSION = 6  # of what is cached: raised whenever the same text would give other files
HEAD_PAIRS = 200_000
HEAD_CHARACTERS = 1 << 25
IN_MEMORY = 1 << 25  # ids of both sides: 128 MiB, a million pairs of words
WITHOUT_CACHE = 1 << 28  # ids that memory must hold where no cache can be written


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but the files that decides about a corpus.

    dev_share: of the sources, to hold out; None holds none out.   fold: which of them, see `holdout.HoldOut`.
    max_tokens: longer examples are excluded, and so are outliers: those of more than max_pair_tokens, or, if that is
    None, than is usual (`outliers`).
    """

    columns: readers.Columns = readers.Columns()
    source: Segmentation = Segmentation()
    target: Segmentation = Segmentation()
    dev_share: float | None = None
    seed: int = 1
    fold: int = 0
    max_tokens: int = 65_536
    max_pair_tokens: int | None = None


def read(inputs: Sequence[readers.Input], request: Request, *, place: cache.Place | None = None) -> corpus.Corpus:
    """Return the corpus of the inputs, one after the other.

    place: where the arrays are kept if they are many; None is beside the first file.
    DataError: an error of a reader, fewer than two pairs, nothing to hold out, or nothing left to train on.
    OutputError: the data is too large for memory and no cache can be written.
    """
    place = place or cache.beside(inputs[0].paths[0] if inputs[0].paths else "-")
    if place.directory.is_dir() and not any(one.is_stream for one in inputs):
        hashes = {readers.display_name(path): readers.sha256(path) for one in inputs for path in one.paths}
        if entry := place.find(key(request, hashes)):
            found = corpus.load(entry, [one.name for one in inputs], hashes)
            for one, reading in zip(inputs, found.readings, strict=True):
                one.schema, one.count = reading.schema, reading.count
            return found
    with Builder(inputs, request, place) as builder:
        return builder.build()


def key(request: Request, hashes: Mapping[str, str]) -> str:
    """Return the name of the cache entry for files with these hashes, whatever the files are called."""
    made_with = (VERSION, vocabulary.VERSION, HEAD_PAIRS, unicodedata.unidata_version)
    others = msgspec.structs.asdict(request) | {"columns": dataclasses.asdict(request.columns)}
    decides = msgspec.json.encode([made_with, others, list(hashes.values())])
    return hashlib.sha256(decides).hexdigest()[:32]


def size(source: Sequence[str], target: Sequence[str]) -> int:
    """Return how many ids a pair of tokens becomes: S + T + 1 of a batch that it fills alone."""
    return len(source) + len(target) + 3  # END; START, END


class Numbering(dict[str, int]):
    """Gives every new token the next provisional number."""

    def __missing__(self, token: str) -> int:
        self[token] = number = len(self) + len(vocabulary.SPECIAL)
        return number


class Side:
    """One side of the pairs while they are read."""

    numbers: Numbering
    rows: spool.Spool

    def __init__(self) -> None:
        self.numbers = Numbering()
        self.rows = spool.Spool()

    def counts(self, dropped: corpus.Whole) -> corpus.Whole:
        """Return how often each number occurs in the rows that are kept.   (V,)."""
        counts = np.zeros(len(vocabulary.SPECIAL) + len(self.numbers), np.int64)
        for portion in self.rows.portions():
            counts += np.bincount(portion.ids[kept_ids(portion, dropped)], minlength=len(counts))
        return counts

    def numbered(self, splitter: Splitter, counts: corpus.Whole) -> tuple[Tokenizer, corpus.Whole]:
        """Return the tokenizer, and the final id of each provisional number."""
        first = len(vocabulary.SPECIAL)
        found = vocabulary.Vocabulary.from_counts(dict(zip(self.numbers, counts[first:].tolist(), strict=True)))
        final: corpus.Whole = np.full(len(counts), vocabulary.UNKNOWN, np.int32)
        final[:first] = np.arange(first)
        final[[self.numbers[symbol] for symbol in found.symbols]] = np.arange(first, len(found))
        return Tokenizer(splitter, found), final.astype(np.int16) if len(found) < 1 << 15 else final

    def flat(self, final: corpus.Whole, dropped: corpus.Whole) -> Iterator[corpus.Whole]:
        """Yield the final ids of the rows that are kept, end to end."""
        for portion in self.rows.portions():
            yield final[portion.ids[kept_ids(portion, dropped)]]

    def lengths(self, dropped: corpus.Whole) -> Iterator[corpus.Whole]:
        """Yield the lengths of the rows that are kept, in pieces that are equal on both sides."""
        row = 0
        for lengths in self.rows.lengths():
            yield lengths[kept_rows(row, len(lengths), dropped)]
            row += len(lengths)


def kept_rows(first: int, n: int, dropped: corpus.Whole) -> corpus.Whole:
    kept = np.ones(n, bool)
    kept[dropped[slice(*np.searchsorted(dropped, (first, first + n)))] - first] = False
    return kept


def kept_ids(portion: spool.Portion, dropped: corpus.Whole) -> Any:
    kept = kept_rows(portion.first, len(portion.lengths), dropped)
    return slice(None) if kept.all() else np.repeat(kept, portion.lengths)


class Builder:
    """A corpus in the making; leaving the `with` block removes whatever it has written outside the cache."""

    def __init__(self, inputs: Sequence[readers.Input], request: Request, place: cache.Place) -> None:
        self._inputs, self._request, self._place = inputs, request, place
        self._in_memory = IN_MEMORY
        self._source, self._target = Side(), Side()
        self._excluded: list[tuple[int, int, int, int]] = []
        self._long = array("q")  # row, input, line, tokens of each pair that may be an outlier
        self._has_features = False
        self._n_ids = 0
        self._shortest_source: int | None = None
        self._building: cache.Building | None = None
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> Builder:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.rows.close()
        self._target.rows.close()
        self._cleanup.close()

    def build(self) -> corpus.Corpus:
        """Read all pairs and return them encoded; see `read`."""
        rows = self._rows()
        head = list(first_ones(rows))
        source_splitter, target_splitter, are_sentences = self._splitters([pair for _, pair in head])
        held_out, request = None, self._request
        if request.dev_share is not None:
            held_out = holdout.HoldOut(fraction=request.dev_share, seed=request.seed, fold=request.fold)
        with cache.writing(self._place):
            for number, pair in itertools.chain(head, rows):
                if self._add(number, pair, source_splitter, target_splitter) and held_out is not None:
                    held_out.see(pair)
        self._check_enough()
        dev = [] if held_out is None else self._told(held_out.dev)
        longest, outlying = self._outliers()
        dev = [(row, pair) for row, pair in dev if row not in outlying]
        dropped = np.array(sorted({row for row, _ in dev} | outlying), np.int64)
        if len(dropped) == len(self._source.rows):
            raise errors.DataError(
                f"{self._name}: no pair to train on has at most {longest} tokens; cut them into shorter ones, "
                f"or raise training.max_pair_tokens"
            )
        source, source_final = self._source.numbered(source_splitter, self._source.counts(dropped))
        target, target_final = self._target.numbered(target_splitter, self._target.counts(dropped))
        found = corpus.Found(
            source=Segmentation(source.tokens, source.unicode_form),
            target=Segmentation(target.tokens, target.unicode_form),
            dev=[pair for _, pair in dev],
            excluded=self._excluded,
            longest=longest,
            has_features=self._has_features,
            limits=self._limits(dropped),
            readings=[corpus.Reading(one.schema, one.count) for one in self._inputs],
            sentences=are_sentences,
        )
        arrays = {
            "source": self._source.flat(source_final, dropped),
            "source_starts": starts(self._source.lengths(dropped)),
            "target": self._target.flat(target_final, dropped),
            "target_starts": starts(self._target.lengths(dropped)),
        }
        hashes = {name: digest for one in self._inputs for name, digest in one.hashes.items()}
        names = [one.name for one in self._inputs]
        if self._building is None:
            examples = batches.Examples(**{name: np.concatenate(list(pieces)) for name, pieces in arrays.items()})
            return found.corpus(examples, source, target, names, hashes)
        with cache.writing(self._place):
            corpus.save(self._building.path, found, source, target, arrays)
            self._source.rows.close()
            self._target.rows.close()
            entry = self._building.commit(key(self._request, hashes))
        return corpus.load(entry, names, hashes)

    @property
    def _name(self) -> str:
        """What messages call the inputs."""
        return ", ".join(one.name for one in self._inputs)

    def _rows(self) -> Iterator[tuple[int, readers.Pair]]:
        """Yield the pairs of all inputs, each with the number of its input; what is empty on both sides is no pair."""
        columns = self._request.columns
        for number, one in enumerate(self._inputs):
            for pair in one.pairs(columns):
                if pair.source or pair.target:
                    yield number, pair
            columns = dataclasses.replace(columns, like=columns.like or one.schema)  # all are read alike

    def _splitters(self, head: list[readers.Pair]) -> tuple[Splitter, Splitter, bool]:
        """Return how both sides are cut, from those of the first pairs that are not held out; and whether the pairs
        are sentences."""
        request = self._request
        if request.dev_share is not None:
            # A source of these that is held out of all pairs is held out of these alone, too.
            with contextlib.suppress(errors.DataError):
                head, _ = holdout.split(head, fraction=request.dev_share, seed=request.seed, fold=request.fold)
        sources, targets = [pair.source for pair in head], [pair.target for pair in head]
        are_sentences = sentences.are_translations(sources, targets)
        n_units = sentences.units(len(head)) if are_sentences else 0
        return (
            splitter(sources, request.source, n_units),
            splitter(targets, request.target, n_units),
            are_sentences,
        )

    def _add(self, number: int, pair: readers.Pair, source_splitter: Splitter, target_splitter: Splitter) -> bool:
        """Append the pair; return whether it is short enough."""
        source = text.source_tokens(pair.source, pair.features, source_splitter)
        target = target_splitter.split(pair.target)
        n_tokens = size(source, target)
        if n_tokens > self._request.max_tokens:
            self._excluded.append((number, pair.line, n_tokens, self._request.max_tokens))
            return False
        if n_tokens > min(outliers.LEAST, self._request.max_pair_tokens or outliers.LEAST):
            self._long.extend((len(self._source.rows), number, pair.line, n_tokens))
        self._source.rows.add([*map(self._source.numbers.__getitem__, source), vocabulary.END])
        self._target.rows.add([vocabulary.START, *map(self._target.numbers.__getitem__, target), vocabulary.END])
        self._n_ids += n_tokens
        if self._n_ids > self._in_memory and self._building is None:
            self._leave_memory()
        self._has_features = self._has_features or bool(pair.features)
        n_source = len(source) - len(text.feature_symbols(pair.features))
        self._shortest_source = n_source if self._shortest_source is None else min(self._shortest_source, n_source)
        return True

    def _outliers(self) -> tuple[int, set[int]]:
        """Return the most tokens of a pair that is no outlier, and the rows of those that are, which are excluded."""
        none = np.zeros(0, np.int64)
        sizes = map(np.add, self._source.lengths(none), self._target.lengths(none))
        longest = self._request.max_pair_tokens or outliers.longest_usual(sizes)
        long = np.array(self._long).reshape(-1, 4)
        found = long[long[:, 3] > longest].tolist()
        self._excluded += [(number, line, n_tokens, longest) for _, number, line, n_tokens in found]
        self._excluded.sort()
        return longest, {row for row, *_ in found}

    def _leave_memory(self) -> None:
        try:
            self._building = self._cleanup.enter_context(self._place.build())
        except OSError:
            if self._in_memory >= WITHOUT_CACHE:
                raise
            self._in_memory = WITHOUT_CACHE
            return
        self._source.rows.move_to(self._building.path / "source")
        self._target.rows.move_to(self._building.path / "target")

    def _check_enough(self) -> None:
        name = self._name
        if len(self._source.rows) + len(self._excluded) < 2:
            raise errors.DataError(f"{name}: one pair only; a model needs at least two to learn from, better thousands")
        if not len(self._source.rows):
            raise errors.DataError(
                f"{name}: every pair has more than {self._request.max_tokens} tokens; cut them into shorter ones, "
                f"or raise training.max_batch_tokens"
            )

    def _told(self, dev: Callable[[], list[tuple[int, readers.Pair]]]) -> list[tuple[int, readers.Pair]]:
        try:
            return dev()
        except errors.DataError as error:
            raise errors.DataError(f"{self._name}: {error}") from None

    def _limits(self, dropped: corpus.Whole) -> Limits:
        pieces = [
            Limits(
                longest_target=int(target.max()) - 2,  # START, END
                ratio=float(((target - 1) / source).max()),
                shortest_target=int(target.min()) - 2,
                longest_source=int(source.max()) - 1,  # END
                shortest_source=self._shortest_source,
            )
            for source, target in zip(self._source.lengths(dropped), self._target.lengths(dropped), strict=True)
            if len(source)
        ]
        return functools.reduce(Limits.joined, pieces)


def first_ones(rows: Iterator[tuple[int, readers.Pair]]) -> Iterator[tuple[int, readers.Pair]]:
    """Yield as many rows as are needed to find out how texts are cut."""
    n_characters = 0
    for row in itertools.islice(rows, HEAD_PAIRS):
        yield row
        n_characters += len(row[1].source) + len(row[1].target)
        if n_characters > HEAD_CHARACTERS:
            return


def splitter(texts: list[str], settings: Segmentation, n_units: int = 0) -> Splitter:
    """Return what cuts texts like these; what is given is kept, the rest is found.

    n_units: subwords that suit the texts, 0 for none.
    """
    tokens, form = settings.tokens, settings.unicode_form
    if settings.model is not None:
        return subwords.Subwords(settings.model, form or text.UnicodeForm.NFC)
    n_pieces = subwords.size(tokens)
    if n_pieces is None and tokens is None and n_units:
        # A script of thousands of characters has pieces beside them.
        n_pieces = max(n_units, len(set().union(*texts)) + n_units // 2)
    if n_pieces is None:
        return text.detect(texts, tokens=subwords.plain(tokens), unicode_form=form)
    # As for words: pieces are to be made of syllables, not of jamo.
    form = form or text.detect(texts, tokens=text.Tokens.WORDS).unicode_form
    return subwords.train(texts, n_pieces, form)


def starts(lengths: Iterable[corpus.Whole]) -> Iterator[corpus.Whole]:
    """Yield where each sequence begins, and where the last one ends, in pieces.   int64."""
    end = 0
    yield np.zeros(1, np.int64)
    for piece in lengths:
        ends = end + np.cumsum(piece, dtype=np.int64)
        end = int(ends[-1]) if len(ends) else end
        yield ends
