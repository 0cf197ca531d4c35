"""Answers with marks read as the answers themselves."""

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
def test_marked_words_read_as_the_answer(expected, said):
    assert Page(answers.marked(expected, said, WORDS)).text == WORDS.join(said)


@given(characters, characters)
def test_marked_characters_read_as_the_answer(expected, said):
    assert Page(answers.marked(expected, said, CHARACTERS)).text == CHARACTERS.join(said)


@pytest.mark.parametrize(
    ("expected", "said", "html"),
    [
        ("x y", "x z", "x <mark>z</mark>"),
        ("x y z", "x z", 'x<mark class="gap" title="something is left out"></mark> z'),
        ("x", "x y z", "x <mark>y z</mark>"),
        ("x", "x", "x"),
        ("<", "&", "<mark>&amp;</mark>"),
    ],
)
def test_what_differs_is_marked(expected, said, html):
    assert answers.marked(expected.split(), said.split(), WORDS) == f"<bdi>{html}</bdi>"


def test_an_empty_answer_is_named():
    assert Page(answers.marked(["x"], [], WORDS)).text == "nothing"


def test_the_right_answer_among_the_n_best_stands_out():
    [item] = made(("a", "x y", "x z|x y|x"))
    page = Page(answers.n_best(item, WORDS))
    assert [value for tag, name, value in page.attributes if (tag, name) == ("li", "class")] == ["right"]
    assert page.text.startswith("x z−0.231x y")


def test_an_answer_that_is_nearly_all_wrong_is_not_marked_to_pieces():
    expected, said = list("abcdefghijklmn"), list("aXcXeXgXiXkXmX")
    assert answers.marked(expected, said, CHARACTERS) == "<bdi>aXcXeXgXiXkXmX</bdi>"
