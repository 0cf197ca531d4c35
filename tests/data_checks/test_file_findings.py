"""Symbols of later files only, lengths, empty sides, summaries and the verdict."""

import pytest
from finds import cases, lines

from seqwright import data_checks, errors
from seqwright.config import TextConfig
from seqwright.data.readers import Pair
from seqwright.data_checks.findings import Level


def test_symbols_that_only_a_later_file_has_are_listed_by_frequency(findings):
    found = findings("ab\tx y\nba\ty x\n", "aé\tx\nqé\tx z\n")
    assert cases(found["source unseen"]) == {
        "U+00E9 é LATIN SMALL LETTER E WITH ACUTE": ["b.tsv:1", "b.tsv:2"],
        "U+0071 q LATIN SMALL LETTER Q": ["b.tsv:2"],
    }
    assert lines(found["target unseen"]) == ["b.tsv:2"]


def test_the_other_unicode_form_of_a_known_letter_is_not_unseen(findings):
    assert findings("é\tx\nab\tx\n", "be\u0301a\tx\n").keys() == {"source mixed forms"}


def test_features_that_only_a_later_file_has_are_unseen(findings):
    found = findings("go\twent\tV;PST\n", "og\tgoing\tV;PTCP\n")
    assert cases(found["source unseen"]) == {"feature PTCP": ["b.tsv:1"]}


def test_later_files_are_read_with_the_columns_of_the_first(tmp_path):
    (tmp_path / "a.tsv").write_text("ab\tx\n", encoding="utf-8")
    (tmp_path / "b.tsv").write_text("ba\tx\ta remark\n", encoding="utf-8")
    result = data_checks.check_files([tmp_path / "a.tsv", tmp_path / "b.tsv"])
    assert [file.has_features for file in result.files] == [False, False]
    assert result.findings == []


def test_a_few_lines_with_unseen_symbols_are_only_a_warning(findings):
    later = "".join(f"{'ab' * n}\tx\n" for n in range(1, 200)) + "aq\tx\n"
    assert findings("ab\tx\nc\tx\n", later)["source unseen"].level is Level.WARNING
    assert findings("ab\tx\nc\tx\n", "aq\tx\nb\tx\n")["source unseen"].level is Level.ERROR


def test_a_line_far_longer_than_the_rest_is_found(findings):
    words = "".join(f"{'ab'[n % 2] * (n % 7 + 1)}{n}\tx\n" for n in range(300))
    found = findings(words + "a" * 500 + "\t" + "x" * 30 + "\n")
    assert lines(found["source long"]) == ["a.tsv:301"]
    assert found["source long"].cases[0].what.startswith("500 characters: aaa")
    assert len(found["source long"].cases[0].what) < 100


def test_a_target_that_does_not_fit_its_source_is_found(findings):
    words = [f"{'abc'[n % 3] * (n % 5 + 2)}{n}" for n in range(100)]
    found = findings("".join(f"{word}\t{word[::-1]}\n" for word in words) + "abc\t" + "c" * 18 + "\n")
    assert lines(found["unlikely ratios"]) == ["a.tsv:101"]


def test_empty_sides_and_empty_lines_are_different_findings(findings):
    found = findings("ab\tx\n\ty\nbc\t\n \tz\n\n")
    assert lines(found["source empty"]) == ["a.tsv:2", "a.tsv:4"]
    assert lines(found["target empty"]) == ["a.tsv:3"]
    assert lines(found["empty lines"]) == ["a.tsv:5"]


def test_the_summary_counts_the_content_of_the_file(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("abc\tx y\n\nab\tz\nab\tx y\n", encoding="utf-8")
    [file] = data_checks.check_files([path]).files
    assert (file.lines, file.pairs, file.has_features) == (4, 3, False)
    assert (file.source.distinct, file.source.symbols, file.source.tokens) == (2, 3, "characters")
    assert (file.target.distinct, file.target.symbols, file.target.tokens) == (2, 3, "words")
    assert (file.source.lengths.minimum, file.source.lengths.maximum) == (0, 3)


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ([["ab\tx", "bc\ty"]], "ready to train; no errors or warnings"),
        ([["ab\tx", "bc\ty", "bc\ty"]], "ready to train; no errors or warnings"),
        ([["ab\tx", "b c \ty"]], "ready to train; 1 warning"),
        ([["ab\tx"], ["ab\tx"]], "fix this first: 1 source occurs in a and b"),
        (
            [["ab\tx"], ["ab\tx", "q \tx"]],
            "fix this first: 1 source occurs in a and b; 1 more error and 1 warning",
        ),
    ],
)
def test_the_verdict_names_the_most_severe_finding(pairs, verdict):
    splits = [
        data_checks.Split("ab"[i], [Pair(*line.split("\t"), line=n) for n, line in enumerate(lines, start=1)])
        for i, lines in enumerate(pairs)
    ]
    assert data_checks.check(splits).verdict == verdict


def test_columns_are_those_of_the_configuration(tmp_path):
    path = tmp_path / "sigmorphon.tsv"
    path.write_text("go\tV;PST\twent\n", encoding="utf-8")
    [file] = data_checks.check_files([path], config=TextConfig(target_column=3, features_column=2)).files
    assert file.has_features
    assert file.target.symbols == len(set("went"))


def test_keys_of_json_lines_are_those_of_the_configuration(tmp_path):
    path = tmp_path / "words.jsonl"
    path.write_text('{"word": "go", "past": "went"}\n', encoding="utf-8")
    [file] = data_checks.check_files([path], config=TextConfig(source_key="word", target_key="past")).files
    assert (file.pairs, file.target.symbols) == (1, 4)


def test_a_file_that_cannot_be_read_is_a_data_error_with_its_name(tmp_path):
    with pytest.raises(errors.DataError, match=r"missing\.tsv: no such file"):
        data_checks.check_files([tmp_path / "missing.tsv"])


def test_real_data_is_ready_to_train_and_its_soft_hyphen_is_found(data_dir):
    files = [data_dir / "g2p" / f"ady.{part}.tsv" for part in ("train", "dev", "test")]
    result = data_checks.check_files(files)
    [finding] = [finding for finding in result.findings if finding.kind == "source invisible"]
    assert cases(finding) == {"U+00AD SOFT HYPHEN": [f"{files[0]}:2715"]}
    assert result.verdict.startswith("ready to train; ")
