"""Augmentation: synthetic pairs, made of the training pairs, for trainings on few of them.

Two ways, both on ids:

- Recombination, for pairs whose symbols correspond in order (`data.alignment`): a walk over the links of the training
  pairs, which at each link may go on at another occurrence of that link. So every two neighbours occur in training, and
  long parts are kept. It is a sample of a joint n-gram model with n chosen at random (Bisani & Ney 2008,
  "Joint-Sequence Models for Grapheme-to-Phoneme Conversion"), and gives the network that model's assumption: what a
  symbol becomes depends on its neighbours.
- Hallucination, for sources with features whose targets copy them: the beginning of what source and target have in
  common is replaced by the beginning of another source (Anastasopoulos & Neubig 2019, "Pushing the Limits of
  Low-Resource Morphological Inflection", section 3), up to an equal symbol, so that the seam occurs in training.

Synthetic pairs are drawn anew for each epoch, and are nowhere counted as data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt

from seqwright.data import alignment, batches, vocabulary
from seqwright.training.prepare import Prepared
from seqwright.training.recipe import COPYING
from seqwright.types import Ids

__all__ = ["Augmentation", "of"]

JUMP = 0.4  # probability of a walk to go on elsewhere
COMMON = 3  # symbols that source and target share in one piece, at least, to be a stem
KEPT = (2, 3)  # symbols at the end of a stem that are kept: endings depend on its last vowel and consonant
TRIES = 5  # for each pair to draw

Mask = npt.NDArray[np.bool_]
Pair = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]  # features, source, target


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
    """Replaces the beginning of what source and target have in common by the beginning of another source."""

    def __init__(self, pairs: Sequence[Pair], copy_map: Ids) -> None:
        self._pairs, self._copy_map = pairs, copy_map.tolist()
        self._stems = [stem for pair in pairs if (stem := self._stem(pair))]
        self._places: dict[int, list[tuple[int, ...]]] = defaultdict(list)  # beginnings of sources before each symbol
        for _, source, _ in pairs:
            for position in range(1, len(source)):
                if self._copy_map[source[position - 1]] < 0:
                    break
                self._places[source[position]].append(source[:position])

    def __call__(self, rng: np.random.Generator) -> Pair | None:
        if not self._stems:
            return None
        (features, source, target), i, j, length = self._stems[int(rng.integers(len(self._stems)))]
        cut = max(1, length - int(rng.integers(KEPT[0], KEPT[1] + 1)))
        beginnings = self._places[source[i + cut]]
        if not beginnings:
            return None
        beginning = beginnings[int(rng.integers(len(beginnings)))]
        copied = tuple(self._copy_map[symbol] for symbol in beginning)
        return features, source[:i] + beginning + source[i + cut :], target[:j] + copied + target[j + cut :]

    def _stem(self, pair: Pair) -> tuple[Pair, int, int, int] | None:
        """Return the longest common part: its pair, its positions in source and target, and its length."""
        _, source, target = pair
        as_target = [self._copy_map[symbol] for symbol in source]
        i, j, length = SequenceMatcher(None, as_target, target, autojunk=False).find_longest_match()
        return (pair, i, j, length) if length >= COMMON else None


def _cut(pair: batches.IdPair, is_feature: Mask) -> Pair:
    """Return features, source and target of a pair."""
    source, target = pair
    n_features = int(is_feature[list(source)].sum())  # they come first
    return source[:n_features], source[n_features:], target
