"""Duplicates, contradictions and leaks, with all their lines."""

from finds import cases

from seqwright import data_checks
from seqwright.data.readers import Pair
from seqwright.data_checks import repeats
from seqwright.data_checks.findings import Level


def test_clean_files_give_no_finding(findings):
    assert findings("ab\tx\nbc\ty\n", "ca\txy\n") == {}


def test_repeated_lines_are_listed_with_the_first(findings):
    found = findings("ab\tx\nbc\ty\nab\tx\nab\tx\n")
    assert found.keys() == {"duplicates"}
    assert found["duplicates"].message == "2 lines repeat an earlier line of the same file"
    assert cases(found["duplicates"]) == {"ab → x": ["a.tsv:1", "a.tsv:3", "a.tsv:4"]}


def test_different_targets_of_one_source_are_a_note(findings):
    found = findings("ab\tx\nab\ty\nbc\tx\n")
    assert cases(found["several answers"]) == {"ab → x | y": ["a.tsv:1", "a.tsv:2"]}
    assert found["several answers"].level is Level.NOTE


def test_a_source_with_other_features_is_another_source(findings):
    assert findings("go\twent\tPST\ngo\tgoes\tPRS\n") == {}


def test_a_source_in_two_files_is_a_leak(findings):
    found = findings("ab\tx\nbc\ty\n", "bc\ty\nca\tx\n", "bc\tx\n")
    assert cases(found["leaks"]) == {"bc": ["a.tsv:2", "b.tsv:1", "c.tsv:1"]}
    assert found["leaks"].level is Level.ERROR
    assert found["leaks"].message == "1 source occurs in a.tsv, b.tsv and c.tsv"


def test_another_unicode_form_does_not_hide_a_leak(findings):
    found = findings("\u00e9a\tx\nae\ty\n", "e\u0301a\tx\n")
    assert cases(found["leaks"]) == {"\u00e9a": ["a.tsv:1", "b.tsv:1"]}


def test_empty_lines_are_neither_duplicates_nor_leaks(findings):
    assert findings("ab\tx\n\n\n", "\nba\tx\n").keys() == {"empty lines"}


def test_leaks_between_different_files_are_separate_findings():
    pairs = [[Pair("ab", "x"), Pair("bc", "x")], [Pair("ab", "x")], [Pair("bc", "x")]]
    found = repeats.leaks([data_checks.Split(name, split) for name, split in zip("abc", pairs, strict=True)])
    assert [finding.message for finding in found] == ["1 source occurs in a and b", "1 source occurs in a and c"]


def test_the_same_source_with_other_features_in_another_file_is_no_leak():
    splits = [data_checks.Split("a", [Pair("go", "went", "PST")]), data_checks.Split("b", [Pair("go", "goes", "PRS")])]
    assert list(repeats.leaks(splits)) == []
