"""`seqwright suggest` writes a file of pairs to fill in."""

import re


def test_it_writes_the_best_sources_with_empty_targets(seqwright, model, tmp_path):
    (tmp_path / "words.txt").write_text("abc\nbca\ncab\nabcabc\n")
    result = seqwright("suggest", model, tmp_path / "words.txt", "--n", 2, "-o", tmp_path / "next.tsv")
    assert result.code == 0, result
    lines = (tmp_path / "next.tsv").read_text().splitlines()
    assert len(lines) == 2
    assert all(re.fullmatch(r"[abc]+\t", line) for line in lines)
    assert re.search(r"2 sources chosen; expected accuracy on the other 2: [\d.]+ % \(95 % interval: ", result.err)


def test_answers_are_written_for_correction(seqwright, model, tmp_path):
    (tmp_path / "words.txt").write_text("abc\n")
    answer = seqwright("predict", model, tmp_path / "words.txt").out
    assert seqwright("suggest", model, tmp_path / "words.txt", "--with-answers").out == f"abc\t{answer}"


def test_a_file_that_exists_is_not_replaced(seqwright, model, tmp_path):
    (tmp_path / "words.txt").write_text("abc\n")
    arguments = ("suggest", model, tmp_path / "words.txt", "-o", tmp_path / "words.txt")
    assert "exists already" in seqwright(*arguments).refused(2)
