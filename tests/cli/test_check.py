"""Output and exit codes of `seqwright check`."""

import json
import re

import pytest


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.tsv").write_text("ab\tx\na\u200bb\ty\nbc\tx\nbc\tx\n", encoding="utf-8")
    (tmp_path / "dev.tsv").write_text("ab\tx\ncab\ty\n", encoding="utf-8")
    return ["train.tsv", "dev.tsv"]


def test_findings_come_with_code_points_and_lines_and_the_verdict_last(seqwright, files):
    result = seqwright("check", *files)
    assert (result.code, result.err) == (0, "")
    assert "train.tsv: 4 pairs" in result.out
    assert re.search(r"error  1 source occurs in train.tsv and dev.tsv\n +ab  train.tsv:1; dev.tsv:1\n", result.out)
    assert "        U+200B ZERO WIDTH SPACE  train.tsv:2\n" in result.out
    assert "note  1 line repeats an earlier line of the same file\n        bc → x  train.tsv:3,4\n" in result.out
    verdict = "Verdict: fix this first: 1 source occurs in train.tsv and dev.tsv; 1 warning."
    assert result.out.splitlines()[-1] == verdict


def test_there_is_no_colour_without_a_terminal(seqwright, files):
    assert "\x1b" not in seqwright("check", *files).out


def test_json_holds_every_case_with_every_line(seqwright, tmp_path):
    path = tmp_path / "many.tsv"
    path.write_text("".join(f"{letter}\t{letter}\n" * 9 for letter in "abcdefgh"), encoding="utf-8")
    [finding] = json.loads(seqwright("check", path, "--json").out)["findings"]
    assert finding["kind"] == "duplicates"
    assert [len(case["places"]) for case in finding["cases"]] == [9] * 8
    assert finding["cases"][1]["places"][0] == {"file": str(path), "line": 10}
    text = seqwright("check", path).out
    assert "and 4 more lines" in text
    assert "and 4 more; --json lists all" in text


def test_a_file_without_findings_is_ready(seqwright, tmp_path):
    path = tmp_path / "good.tsv"
    path.write_text("ab\tx\nba\ty\n", encoding="utf-8")
    assert seqwright("check", path).out.endswith("\n\nVerdict: ready to train; no errors or warnings.\n")


def test_a_file_that_cannot_be_read_is_a_failure_that_names_it(seqwright, tmp_path):
    assert "gone.tsv: no such file" in seqwright("check", tmp_path / "gone.tsv").refused(1)
    (tmp_path / "spaces.tsv").write_text("a b\n", encoding="utf-8")
    assert "spaces.tsv, line 1: no tab" in seqwright("check", tmp_path / "spaces.tsv").refused(1)


def test_no_file_is_misuse(seqwright):
    assert "FILE..." in seqwright("check").refused(2)


def test_columns_are_set_as_for_training(seqwright, tmp_path):
    path = tmp_path / "sigmorphon2016.tsv"
    path.write_text("go\tV;PST\twent\n", encoding="utf-8")
    settings = ["--set", "text.features_column=2", "--set", "text.target_column=3"]
    assert "1 pair, with features" in seqwright("check", path, *settings).out


def test_data_cannot_forge_a_line_or_drive_the_terminal(seqwright, tmp_path):
    path = tmp_path / "hostile.tsv"
    path.write_text("\x1b[31mred\u202e\rforged\tx\n" * 2, encoding="utf-8", newline="")
    out = seqwright("check", path).out
    assert "⟨U+001B⟩[31mred⟨U+202E⟩⟨U+000D⟩forged → x" in out
    assert not {"\x1b", "\u202e", "\r"} & set(out)
