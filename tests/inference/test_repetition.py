"""Answers that repeat themselves."""

import pytest

from seqwright.inference.repetition import repeats


def said(text, source="what was asked", tokens=None):
    return repeats(text, text.split() if tokens is None else tokens, source)


@pytest.mark.parametrize(
    "text",
    ["r r r r r", "He the the the the", "I see a big big big big dog", "I have to go to go to go",
     "one two three one two three one two three", "x a b c d a b c d a b c d"],
)  # fmt: skip
def test_a_phrase_in_a_row_is_a_loop(text):
    assert said(text)


@pytest.mark.parametrize("text", ["", "a", "no no no", "very very good", "a b a b", "one two three four", "10 000 000"])
def test_what_texts_repeat_is_none(text):
    assert not said(text)


def test_what_the_source_repeats_may_be_repeated():
    assert not said("ha ha ha ha", source="ho ho ho ho")
    assert said("ha ha ha ha ha", source="ho ho ho ho")
    assert not said("11111111", source="77777777", tokens=list("11111111"))


def test_a_token_within_a_word_is_a_loop_when_it_comes_six_times():
    assert said("zaaaaaa", tokens=list("zaaaaaa"))
    assert not said("zaaaaa", tokens=list("zaaaaa"))
