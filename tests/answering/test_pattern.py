"""Patterns over the text of answers, held against Python's own on every short text."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright.answering import pattern
from seqwright.data.text import TextFormat, Tokens, UnicodeForm
from seqwright.data.vocabulary import Vocabulary
from seqwright.errors import ConstraintError

CHARACTERS = TextFormat()
LETTERS = Vocabulary(["a", "b", "1", " "])


def texts(found, format_=CHARACTERS, known=LETTERS, longest=4):
    ids = range(4, len(known))
    every = [some for n in range(longest + 1) for some in itertools.product(ids, repeat=n)]
    return {format_.join(known.decode(some)) for some in every if some in found}


EVERY = ["".join(some) for n in range(5) for some in itertools.product("ab1 ", repeat=n)]
atoms = st.sampled_from(["a", "b", "1", ".", "[ab]", "[^a]", "[a-b1]", r"\d", r"\D", r"\w", r"\s", r"\S", "[\\d ]"])
counts = st.sampled_from(["", "*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}", "{0}"])
patterns = st.recursive(
    st.tuples(atoms, counts).map("".join),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map("|".join),
        st.tuples(inner, counts).map(lambda both: f"({both[0]}){both[1]}"),
    ),
    max_leaves=5,
)


@given(patterns)
def test_the_same_texts_match_as_with_the_standard_library(written):
    expected = {one for one in EVERY if re.fullmatch(written, one, re.DOTALL)}
    try:
        found = pattern.compiled(written, TextFormat(), LETTERS)
    except ConstraintError:
        assert not expected
        return
    assert texts(found) == expected


def test_a_pattern_over_words_sees_the_spaces_between_them():
    known = Vocabulary(["AH", "T", "AH0"])
    format_ = TextFormat(Tokens.WORDS)
    found = pattern.compiled("(AH0? )*T", format_, known)
    assert texts(found, format_, known, 3) == {
        "T", "AH T", "AH0 T", "AH AH T", "AH AH0 T", "AH0 AH T", "AH0 AH0 T"
    }  # fmt: skip


def test_a_syllable_stands_for_its_jamo():
    known = Vocabulary(["\u1100", "\u1161", "\u11ab", "\u1102"])
    format_ = TextFormat(unicode_form=UnicodeForm.NFD)
    assert texts(pattern.compiled("가", format_, known), format_, known) == {"가"}
    assert texts(pattern.compiled("[가-힣]", format_, known), format_, known) == {
        "\u1100", "\u1161", "\u11ab", "\u1102", "가", "간", "나", "난"
    } - {"\u1100", "\u1161", "\u11ab", "\u1102"}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("(a", "never closed"), ("a)", "nothing opened"), ("*a", "nothing to repeat"), ("a**", "nothing to repeat"),
        ("[a", "too early"), ("a{2,1}", "expected {m}"), ("a{x}", "expected {m}"), ("[b-a]", "empty"),
        ("a\\"[:2], "too early"), ("z", "no answer can meet"), ("(" * 5000, "too many groups"),
        ("((a{999}){999}){999}", "too large"), ("a{9999}", "repeats"),
    ],
)  # fmt: skip
def test_a_wrong_pattern_is_refused_with_what_is_wrong(written, says):
    with pytest.raises(ConstraintError, match=re.escape(says)):
        pattern.compiled(written, TextFormat(), LETTERS)
