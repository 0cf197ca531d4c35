"""Invisible and damaged characters are named by code point, with their lines."""

import unicodedata

import pytest
from finds import cases, lines
from hypothesis import given
from hypothesis import strategies as st

from seqwright.data_checks import code_points
from seqwright.data_checks.findings import Level


@pytest.mark.parametrize(
    ("strange", "name"),
    [
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\u00a0", "U+00A0 NO-BREAK SPACE"),
        ("\u00ad", "U+00AD SOFT HYPHEN"),
        ("\ufeff", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("\u200d", "U+200D ZERO WIDTH JOINER"),
        ("\0", "U+0000 NULL"),
        ("]", None),
        ("\\", None),
        ("^", None),
    ],
)
def test_an_invisible_character_is_named_with_its_lines(findings, strange, name):
    found = findings(f"ab\tx\na{strange}b{strange}c\tx\nb{strange}\ty\n")
    if name is None:
        assert found == {}
    else:
        assert cases(found["source invisible"]) == {name: ["a.tsv:2", "a.tsv:3"]}
        assert "target invisible" not in found


def test_a_joiner_is_no_finding_in_persian_and_devanagari(findings):
    assert findings("می\u200cروم\tx\nक\u094d\u200dष\ty\n") == {}


def test_replacement_characters_are_an_error(findings):
    found = findings("caf\ufffd\tx\nabc\t\ue000\n")
    assert cases(found["source damaged"]) == {"U+FFFD \ufffd REPLACEMENT CHARACTER": ["a.tsv:1"]}
    assert lines(found["target damaged"]) == ["a.tsv:2"]
    assert found["source damaged"].level is Level.ERROR


def test_spaces_around_and_twice_within_a_text_are_found(findings):
    found = findings("ab \tx y\n ab c\tx  y\nab c\tx y\n")
    assert lines(found["source spaces"]) == ["a.tsv:1", "a.tsv:2"]
    assert lines(found["target spaces"]) == ["a.tsv:2"]


def test_a_letter_in_two_unicode_forms_is_found_and_the_rarer_form_listed(findings):
    found = findings("\u00e9a\tx\n\u00e9b\ty\n", "ce\u0301\tx\n")["source mixed forms"]
    what = "U+00E9 é LATIN SMALL LETTER E WITH ACUTE: 2 lines have it composed, 1 decomposed"
    assert cases(found) == {what: ["b.tsv:1"]}


def test_a_letter_in_both_forms_within_one_text_is_found(findings):
    assert lines(findings("\u00e9e\u0301\tx\nab\ty\n")["source mixed forms"]) == ["a.tsv:1"]


def test_a_composed_letter_beside_a_decomposed_other_one_is_not_mixed(findings):
    assert "source mixed forms" not in findings("éo\u0308\tx\nab\ty\n")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_one_form_throughout_is_no_finding(findings, form):
    text = unicodedata.normalize(form, "éa\tx\nbé\tñ\n각a\ty\n")
    assert findings(text) == {}


@given(st.characters())
def test_every_character_is_named_by_its_code_point_and_never_shown_raw_if_invisible(c):
    name = code_points.named(c)
    assert name.startswith(f"U+{ord(c):04X} ")
    assert not any(code_points.is_invisible(other) for other in name)


@given(st.text())
def test_a_visible_text_hides_nothing_but_joiners(text):
    shown = code_points.visible(text)
    assert not any(code_points.is_invisible(c) for c in shown if c not in "\u200c\u200d")
