"""Letters of another script in a word, and symbols of one alphabet that look alike."""

import pytest
from finds import cases, lines

from seqwright.data_checks import lookalikes


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("молoко", "U+006F o LATIN SMALL LETTER O in words of Cyrillic"),
        ("tоmato", "U+043E о CYRILLIC SMALL LETTER O in words of Latin"),
        ("οδoς", "U+006F o LATIN SMALL LETTER O in words of Greek"),
        ("tomatο", "U+03BF ο GREEK SMALL LETTER OMICRON in words of Latin"),
        ("къIалэ", "U+0049 I LATIN CAPITAL LETTER I in words of Cyrillic"),
    ],
)
def test_a_disguised_letter_is_named_with_its_line(findings, word, name):
    found = findings(f"abc\tx\nмёд\tx\nδοξα\tx\n{word}\ty\n")
    assert cases(found["source foreign letters"]) == {name: ["a.tsv:4"]}


@pytest.mark.parametrize(
    "text", ["θɪŋk", "βeta χi", "слово word λογος", "COVID-вирус", "π3r", "CO в воздухе", "бдoc", "жаtomato"]
)
def test_intended_mixtures_of_scripts_are_no_finding(findings, text):
    assert "source foreign letters" not in findings(f"abc\tx\nмёд\tx\nδο\tx\n{text}\ty\n")


def test_a_plain_g_among_the_script_g_of_a_transcription_is_found(findings):
    found = findings("goo\tɡ uː\nga\tɡ a\nag\ta g\n")["target look-alikes"]
    what = "U+0067 g LATIN SMALL LETTER G (1 line) beside U+0261 ɡ LATIN SMALL LETTER SCRIPT G (2 lines)"
    assert cases(found) == {what: ["a.tsv:3"]}


def test_every_pair_of_look_alikes_is_of_two_different_characters():
    pairs = [*lookalikes.WITHIN, *lookalikes.LATIN_CYRILLIC.items(), *lookalikes.LATIN_GREEK.items()]
    assert [pair for pair in pairs if pair[0] == pair[1] or len(pair[0]) != 1 or len(pair[1]) != 1] == []
    for (foreign, own), same_shape in lookalikes.SAME_SHAPE.items():
        assert {lookalikes.script(c) for c in same_shape} == {foreign}
        assert {lookalikes.script(c) for c in same_shape.values()} == {own}


def test_lines_of_both_splits_are_listed(findings):
    assert lines(findings("ab\tɡ\n", "cd\tg\nce\tɡ\n")["target look-alikes"]) == ["b.tsv:1"]
