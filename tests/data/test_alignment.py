"""Alignment: its counts against all cuts enumerated, its links on tasks whose links are known."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from seqwright.data import alignment

WORDS = {1: (11,), 2: (12, 13), 3: (14,), 4: (), 5: (15,)}


def spelled(n: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return n random sources and targets, of which each symbol has one translation, of no, one or two symbols."""
    rng = random.Random(1)
    sources = [tuple(rng.choices((1, 2, 3, 4, 5), k=rng.randint(2, 8))) for _ in range(n)]
    return [(s, tuple(t for symbol in s for t in WORDS[symbol])) for s in sources if set(s) != {4}]


def cuts(source: tuple[int, ...], target: tuple[int, ...]) -> Iterator[list[alignment.Link]]:
    if not source and not target:
        yield []
    for a, c in alignment.SHAPES:
        if a <= len(source) and c <= len(target):
            link = alignment.Link(source[:a], target[:c])
            yield from ([link, *rest] for rest in cuts(source[a:], target[c:]))


def test_expected_counts_are_those_of_all_cuts_enumerated() -> None:
    pairs = [((1, 2, 1), (7, 8)), ((2, 1), (8, 7, 7, 9)), ((1,), (7,))]
    lattice = alignment._Lattice(pairs)
    weights = np.append(np.random.default_rng(2).random(lattice.n_links), 0.0)
    number: dict[alignment.Link, int] = {}
    for n, (source, target) in enumerate(pairs):
        for links, (a, c) in zip(lattice.links, alignment.SHAPES, strict=True):
            for i in range(len(source) - a + 1):
                for j in range(len(target) - c + 1):
                    link = alignment.Link(source[i : i + a], target[j : j + c])
                    assert number.setdefault(link, links[i, j, n]) == links[i, j, n], "equal links share a number"
    expected = np.zeros(lattice.n_links)
    for pair in pairs:
        found = list(cuts(*pair))
        scores = [math.prod(weights[number[link]] for link in links) for links in found]
        for links, score in zip(found, scores, strict=True):
            for link, times in Counter(links).items():
                expected[number[link]] += times * score / sum(scores)
    np.testing.assert_allclose(lattice.counts(weights), expected, rtol=1e-12)


def test_symbols_with_one_translation_are_aligned_with_it() -> None:
    aligned = alignment.align(spelled(100))
    links = [link for one in aligned if one for link in one]
    assert all(tuple(t for s in link.source for t in WORDS[s]) == link.target for link in links)
    assert alignment.explained(aligned) > 0.9


def test_the_links_of_a_pair_join_to_the_pair() -> None:
    pairs = spelled(30)
    for (source, target), links in zip(pairs, alignment.align(pairs), strict=True):
        assert links is not None
        assert tuple(s for link in links for s in link.source) == source
        assert tuple(t for link in links for t in link.target) == target


def test_targets_in_random_order_are_not_explained() -> None:
    rng = random.Random(3)
    pairs = [(source, tuple(rng.choices(range(10, 20), k=len(source)))) for source, _ in spelled(100)]
    assert alignment.explained(alignment.align(pairs)) < 0.3


@pytest.mark.parametrize("pair", [((), (1,)), ((1,), ()), ((1,), (1, 2, 3, 4)), ((1,) * 41, (1,) * 41)])
def test_pairs_that_cannot_be_cut_or_are_too_long_have_no_links(pair: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    assert alignment.align([pair]) == [None]
    assert alignment.explained([None]) == 0
