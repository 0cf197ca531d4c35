"""Quotation marks around fields and lines that may be comments."""

import pytest
from finds import lines

from seqwright import config
from seqwright.data_checks import check_files
from seqwright.data_checks.findings import Level
from seqwright.training.prepare import prepare

PLAIN = "".join(f"{word}\t{word.upper()}\n" for word in ("ba", "ko", "li", "mo", "nu"))


@pytest.mark.parametrize(("text", "is_found"), [
    ('"k o"', True), ('"k, o"', True), ('"a" and "b"', False), ('k"', False), ('"', False),
])  # fmt: skip
def test_some_quoted_fields_are_found_with_the_option_that_reads_them(findings, text, is_found):
    found = findings(f"{PLAIN}pa\t{text}\n{text}\tpa\n")
    assert ("target quotes" in found, "source quotes" in found) == (is_found, is_found)
    if is_found:
        assert lines(found["target quotes"]) == ["a.tsv:6"]
        assert lines(found["source quotes"]) == ["a.tsv:7"]
        assert "--format csv --delimiter tab" in found["source quotes"].advice
        assert "--format tsv keeps" in found["source quotes"].advice


def test_removed_quotation_marks_are_said_with_the_option_that_keeps_them(findings):
    found = findings("".join(f'"{word}{n}"\t"{word}"\n' for n, word in enumerate(["ba", "ko", "li", "mo", "nu"])))
    assert found["removed quotes"].level is Level.NOTE
    assert "--format tsv" in found["removed quotes"].advice
    assert "source quotes" not in found


@pytest.mark.parametrize("source", ["#ba", "//ba", ";;;ba"])
def test_few_sources_that_begin_as_comments_do_are_found(findings, source):
    many = "".join(f"{a}{b}{c}\t{a}{c}\n" for a in "bdfgk" for b in "aeiou" for c in "lmn")
    found = findings(f"{many}{source}\tba\n")
    if source == ";;;ba":  # a comment of CMUdict, which is skipped if its fields differ
        return
    assert lines(found["possible comments"]) == ["a.tsv:76"]
    assert f"--comment '{source[:-2]}'" in found["possible comments"].advice
    assert "possible comments" not in findings("".join(f"#{line}\n" for line in many.splitlines()))


@pytest.mark.parametrize("comment", [None, "", "#"])
def test_training_warns_of_the_same_sources_unless_an_option_decides(tmp_path, comment):
    many = "".join(f"{a}{b}{c}\t{a}{c}\n" for a in "bdfgk" for b in "aeiou" for c in "lmn")
    path = tmp_path / "a.tsv"
    path.write_text(f"{many}#bal\tba\n//ba\tba\n#ba\tba\n", encoding="utf-8")
    text = config.TextConfig(comment=comment)
    warned = [line for line in prepare(path, None, config.Config(text=text)).reading if line.startswith("warning")]
    found = [finding.message for finding in check_files([path], config=text).findings if "comment" in finding.message]
    if comment is not None:
        assert not warned
        assert not found
        return
    assert [line.removeprefix("warning  ").partition(":")[0] for line in warned] == [
        "2 sources begin with # and may be comments", "1 source begins with // and may be a comment",
    ]  # fmt: skip
    assert "--comment '#' skips" in warned[0]
    assert [message.partition(" and")[0] for message in found] == [
        "2 sources begin with #", "1 source begins with //",
    ]  # fmt: skip


@pytest.mark.parametrize("comment", [None, ""])
def test_few_targets_that_may_end_in_a_remark_are_reported_by_check_and_training(tmp_path, comment):
    many = "".join(f"{a}{b}{c}\t{c}{b}{a}ena{b}\n" for a in "bdfgk" for b in "aeiou" for c in "lmn")
    path = tmp_path / "a.tsv"
    path.write_text(f"{many}bap\tpabena # rare\ndop\tpodena # place, danish\n", encoding="utf-8")
    text = config.TextConfig(comment=comment)
    warned = [line for line in prepare(path, None, config.Config(text=text)).reading if "remark" in line]
    found = [finding for finding in check_files([path], config=text).findings if finding.kind == "possible remarks"]
    if comment is None:
        assert [line.partition(":")[0] for line in warned] == [
            "warning  2 targets contain ' # ' and may end in a remark, which is learned"
        ]
        assert lines(found[0]) == [f"{path}:76", f"{path}:77"]
    else:  # an option says that # begins no comment
        assert not warned
        assert not found


@pytest.mark.parametrize(("n", "expected"), [(0, []), (1, ["1 target is empty"]), (3, ["3 targets are empty"])])
def test_sources_that_are_not_filled_in_are_reported_by_training(tmp_path, n, expected):
    many = "".join(f"{a}{b}{c}\t{c}{b}{a}\n" for a in "bdfgk" for b in "aeiou" for c in "lmn")
    path = tmp_path / "a.tsv"
    path.write_text(many + "".join(f"new{letter}\t\n" for letter in "bdf"[:n]) + "\n", encoding="utf-8")
    warned = [line for line in prepare(path, None, config.Config()).reading if "warning" in line]
    assert [line.removeprefix("warning  ").partition(",")[0] for line in warned] == expected
