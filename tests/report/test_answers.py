"""Highlighting in answers keeps their text."""

import pytest
from handmade import Page, made
from hypothesis import given
from hypothesis import strategies as st

from seqwright.data.text import TextFormat, Tokens
from seqwright.report import answers

WORDS, CHARACTERS = TextFormat(Tokens.WORDS), TextFormat(Tokens.CHARACTERS)
words = st.lists(st.sampled_from(["a", "bc", "d"]), min_size=1, max_size=6)
characters = st.text("ab é", min_size=1, max_size=6).map(list)


@given(words, words)
def test_marked_words_read_as_the_answer(expected, predicted):
    assert Page(answers.marked(expected, predicted, WORDS)).text == WORDS.join(predicted)


@given(characters, characters)
def test_marked_characters_read_as_the_answer(expected, predicted):
    assert Page(answers.marked(expected, predicted, CHARACTERS)).text == CHARACTERS.join(predicted)


@pytest.mark.parametrize(
    ("expected", "predicted", "html"),
    [
        ("x y", "x z", "x <mark>z</mark>"),
        ("x y z", "x z", 'x<mark class="gap" title="omission"></mark> z'),
        ("x", "x y z", "x <mark>y z</mark>"),
        ("x", "x", "x"),
        ("<", "&", "<mark>&amp;</mark>"),
    ],
)
def test_what_differs_is_marked(expected, predicted, html):
    assert answers.marked(expected.split(), predicted.split(), WORDS) == f"<bdi>{html}</bdi>"


def test_an_empty_answer_is_named():
    assert Page(answers.marked(["x"], [], WORDS)).text == "empty"


def test_the_correct_answer_among_the_n_best_is_highlighted():
    [item] = made(("a", "x y", "x z|x y|x"))
    page = Page(answers.n_best(item, WORDS))
    assert [value for tag, name, value in page.attributes if (tag, name) == ("li", "class")] == ["right"]
    assert page.text.startswith("x z−0.231x y")


def test_an_answer_with_many_differences_is_not_highlighted():
    expected, predicted = list("abcdefghijklmn"), list("aXcXeXgXiXkXmX")
    assert answers.marked(expected, predicted, CHARACTERS) == "<bdi>aXcXeXgXiXkXmX</bdi>"
