"""Vowels, from words alone."""

from __future__ import annotations

import random

import pytest

from seqwright.data import vowels


def ids(words: list[str]) -> list[list[int]]:
    return [[ord(letter) for letter in word] for word in words]


@pytest.mark.parametrize("seed", range(5))
def test_letters_that_alternate_with_all_others_are_vowels(seed: int) -> None:
    rng = random.Random(seed)
    words = ["".join(rng.choice("bdfgklmnprst") + rng.choice("aeiou") for _ in range(3)) for _ in range(80)]
    words += [word + rng.choice("nrst") for word in words[:40]]
    assert vowels.find(ids(words)) == {ord(letter) for letter in "aeiou"}


def test_vowels_of_english_words_are_found() -> None:
    text = (
        "banana tomato potato lemon melon orange apricot apple pear cucumber pepper carrot celery radish onion garlic"
    )
    assert {chr(i) for i in vowels.find(ids(text.split()))} >= set("aeo")
    assert not {chr(i) for i in vowels.find(ids(text.split()))} & set("bdgnlrt")


def test_words_without_neighbours_have_no_vowels() -> None:
    assert vowels.find(ids(["a", "bb", ""])) == frozenset()


def test_a_consonant_that_is_more_frequent_than_each_vowel_does_not_exchange_the_two() -> None:
    rng = random.Random(6)
    words = [
        "".join(rng.choice("bdgkmn") + rng.choice("aeiou") for _ in range(3)) + rng.choice("bd") for _ in range(90)
    ]
    assert vowels.find(ids(words)) == {ord(letter) for letter in "aeiou"}
