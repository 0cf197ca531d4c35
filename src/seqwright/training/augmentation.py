"""Augmentation: synthetic pairs, made of the training pairs, for trainings on few of them.

Two ways, both on ids:

- Recombination, for pairs whose symbols correspond in order (`data.alignment`): a walk over the links of the training
  pairs, which at each link may go on at another occurrence of that link. So every two neighbours occur in training, and
  long parts are kept. It is a sample of a joint n-gram model with n chosen at random (Bisani & Ney 2008,
  "Joint-Sequence Models for Grapheme-to-Phoneme Conversion"), and gives the network that model's assumption: what a
  symbol becomes depends on its neighbours.
- Hallucination, for sources with features whose targets copy them: what source and target have in common, the stem, is
  replaced by another one (Anastasopoulos & Neubig 2019, "Pushing the Limits of Low-Resource Morphological Inflection",
  section 3), not of random symbols but that of another pair which takes the same endings, as far as can be seen. Where
  this is a pair of data, the stem begins as yet another one. The symbols on both sides of a border of the new stem are
  at a border of a training pair as well, so that endings which differ after some consonants are not mixed.

Synthetic pairs are drawn anew for each epoch, and are nowhere counted as data.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqwright.data import alignment, batches, vocabulary, vowels
from seqwright.training.prepare import Prepared
from seqwright.training.recipe import COPYING
from seqwright.types import Array, Ids

__all__ = ["Augmentation", "of"]

JUMP = 0.4  # probability of a walk to go on elsewhere
COMMON = 3  # symbols that source and target share in one piece, at least, to be a stem
SAME_ENDINGS = 0.9  # cosine of the counts of vowels in endings
KEPT = 3  # symbols at the end of a stem whose beginning is replaced
TRIES = 5  # for each pair to draw

Mask = npt.NDArray[np.bool_]
Symbols = tuple[int, ...]
Pair = tuple[Symbols, Symbols, Symbols]  # features, source, target


class Augmentation:
    """Draws synthetic pairs from the training examples.

    copy_map (V,): the target id of each source id, for sources with features that are copied; None: recombination.
    """

    def __init__(self, examples: batches.Examples, is_feature: Mask, copy_map: Ids | None) -> None:
        self._examples = examples
        self._pairs = [_cut(examples.pair(n), is_feature) for n in range(len(examples))]
        self._known = {(features, source) for features, source, _ in self._pairs}
        self._longest = max((len(source) for _, source, _ in self._pairs), default=0)
        self._one: Callable[[np.random.Generator], Pair | None]
        if copy_map is None:
            self._one = _Recombination(self._pairs)
        else:
            self._one = _Hallucination(self._pairs, copy_map)

    def extended(self, share: float, rng: np.random.Generator) -> batches.Examples:
        """Return the examples, followed by `share` times as many synthetic ones.

        Where hardly any can be made, they are repeated; where none can, the training pairs are.
        """
        wanted, drawn = round(share * len(self._examples)), list[Pair]()
        for _ in range(TRIES * wanted):
            if len(drawn) == wanted:
                break
            pair = self._one(rng)
            if pair is not None and self._is_new(pair):
                drawn.append(pair)
        source = drawn or self._pairs
        chosen = (source[n % len(source)] for n in range(wanted))
        made = batches.Examples.of([((*features, *symbols), target) for features, symbols, target in chosen])
        return self._examples.followed_by(made)

    def _is_new(self, pair: Pair) -> bool:
        features, source, _ = pair
        return (features, source) not in self._known and 0 < len(source) <= self._longest


def of(prepared: Prepared) -> Augmentation | None:
    """Return the augmentation of a training, None if it has none."""
    if not prepared.config.training.augmentation:
        return None
    source, target = prepared.source.vocabulary, prepared.target.vocabulary
    is_feature = vocabulary.features(source)
    inflects = bool(is_feature.any()) and prepared.traits.copied_share >= COPYING
    return Augmentation(prepared.examples, is_feature, source.copy_map(target) if inflects else None)


class _Recombination:
    """Walks over the links of aligned pairs; a walk keeps the features of its first pair."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        aligned = alignment.align([(source, target) for _, source, target in pairs])
        found = [(pair[0], links) for pair, links in zip(pairs, aligned, strict=True) if links]
        self._features = [features for features, _ in found]
        self._words = [links for _, links in found]
        self._places: dict[object, list[tuple[int, int]]] = defaultdict(list)
        for word, (features, links) in enumerate(found):
            for position, link in enumerate(links):
                self._places[features, link].append((word, position))

    def __call__(self, rng: np.random.Generator) -> Pair | None:
        if not self._words:
            return None
        word, position = int(rng.integers(len(self._words))), 0
        features, walk = self._features[word], list[alignment.Link]()
        while position < len(self._words[word]):
            link = self._words[word][position]
            walk.append(link)
            if len(walk) > alignment.LONGEST:
                return None
            if rng.random() < JUMP:
                places = self._places[features, link]
                word, position = places[int(rng.integers(len(places)))]
            position += 1
        source, target = (tuple(i for link in walk for i in link[side]) for side in (0, 1))
        return features, source, target


class _Hallucination:
    """Replaces what source and target have in common by that of another pair, of the same kind (`_Kinds`)."""

    def __init__(self, pairs: Sequence[Pair], copy_map: Ids) -> None:
        self._copy_map = copy_map.tolist()
        self._stems = [stem for pair in pairs if (stem := self._stem(pair))]
        self._kinds = _Kinds(self._stems, self._copy_map)
        self._donors: dict[object, list[Symbols]] = defaultdict(list)
        for stem in self._stems:
            self._donors[self._kinds.of(stem.symbols)].append(stem.symbols)
        self._known = {(features, source) for features, source, _ in pairs}
        self._borders = {border for stem in self._stems for border in stem.borders(self._copied(stem.symbols))}
        self._places: dict[int, list[Symbols]] = defaultdict(list)  # beginnings of stems before each symbol
        for stem in self._stems:
            for position in range(1, stem.length):
                self._places[stem.symbols[position]].append(stem.symbols[:position])

    def __call__(self, rng: np.random.Generator) -> Pair | None:
        if not self._stems:
            return None
        stem = self._stems[int(rng.integers(len(self._stems)))]
        donors = self._donors[self._kinds.of(stem.symbols)]
        found = self._with(stem, other := donors[int(rng.integers(len(donors)))])
        if found[:2] in self._known:
            found = self._with(stem, other := self._begun_otherwise(other, rng))
        return found if self._borders.issuperset(stem.borders(self._copied(other))) else None

    def _copied(self, symbols: Symbols) -> Symbols:
        return tuple(self._copy_map[symbol] for symbol in symbols)

    def _with(self, stem: _Stem, other: Symbols) -> Pair:
        """Return a pair with another stem."""
        copied = self._copied(other)
        (features, source, target), i, j, length = stem
        return features, source[:i] + other + source[i + length :], target[:j] + copied + target[j + length :]

    def _begun_otherwise(self, stem: Symbols, rng: np.random.Generator) -> Symbols:
        """Return a stem with the beginning of another source, up to an equal symbol, before its last KEPT symbols."""
        beginnings = self._places[stem[-KEPT]]
        return beginnings[int(rng.integers(len(beginnings)))] + stem[-KEPT:] if beginnings else stem

    def _stem(self, pair: Pair) -> _Stem | None:
        """Return the longest common part of source and target."""
        _, source, target = pair
        as_target = [self._copy_map[symbol] for symbol in source]
        i, j, length = SequenceMatcher(None, as_target, target, autojunk=False).find_longest_match()
        return _Stem(pair, i, j, length) if length >= COMMON else None


class _Stem(NamedTuple):
    """What source and target have in common: its positions in both, and its length."""

    pair: Pair
    i: int
    j: int
    length: int

    @property
    def symbols(self) -> Symbols:
        return self.pair[1][self.i : self.i + self.length]

    @property
    def ending(self) -> Symbols:
        return self.pair[2][self.j + self.length :]

    def borders(self, copied: Symbols) -> tuple[tuple[Symbols, Symbols], tuple[Symbols, Symbols]]:
        """Return the target symbols on both sides of each border of a stem in this place; none at an end."""
        target = self.pair[2]
        return (target[: self.j][-1:], copied[:1]), (copied[-1:], self.ending[:1])


class _Kinds:
    """Kinds of stems that take the same endings: by the last vowel, and by whether the stem ends in it.

    Vowels before which endings have the same vowels are one: with vowel harmony there are as many kinds as harmonic
    classes; without it, one. With kinds that are wider than that, endings get vowels that they never have, with
    narrower ones they are learned together with few stems.
    """

    def __init__(self, stems: Sequence[_Stem], copy_map: Sequence[int]) -> None:
        self._vowels = vowels.find([stem.pair[1] for stem in stems])
        in_endings = sorted({copy_map[vowel] for vowel in self._vowels})
        counts: dict[int, Array] = defaultdict(lambda: np.zeros(len(in_endings)))
        for stem in stems:
            found = [in_endings.index(symbol) for symbol in stem.ending if symbol in in_endings]
            np.add.at(counts[self._last_vowel(stem.symbols)], found, 1)
        self._as_one: dict[int, int] = {}
        kinds: list[int] = []
        for vowel in sorted(counts, key=lambda vowel: -counts[vowel].sum()):
            similar = [(_cosine(counts[vowel], counts[kind]), kind) for kind in kinds]
            if similar and max(similar)[0] >= SAME_ENDINGS:
                self._as_one[vowel] = kind = max(similar)[1]
                counts[kind] += counts[vowel]
            else:
                kinds.append(vowel)

    def of(self, stem: Symbols) -> tuple[int, bool]:
        """Return the kind of a stem."""
        vowel = self._last_vowel(stem)
        return self._as_one.get(vowel, vowel), stem[-1] in self._vowels

    def _last_vowel(self, stem: Symbols) -> int:
        return next((symbol for symbol in reversed(stem) if symbol in self._vowels), stem[-1])


def _cosine(a: Array, b: Array) -> float:
    """Return the cosine of the angle between two vectors, 0 if one is zero."""
    norm = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / norm if norm else 0.0


def _cut(pair: batches.IdPair, is_feature: Mask) -> Pair:
    """Return features, source and target of a pair."""
    source, target = pair
    n_features = int(is_feature[list(source)].sum())  # they come first
    return source[:n_features], source[n_features:], target
