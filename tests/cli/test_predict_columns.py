"""`predict` on lines with more columns than it asks for."""

import shlex

import pytest

TINY = ["--epochs", "1", "--set", "model.hidden_size=8", "--set", "training.report=false"]


@pytest.fixture
def inflected(tmp_path, seqwright):
    rows = [(word, word + end, tag) for word in ("ab", "ba", "aab", "bba", "aba", "bab", "abb", "baa", "abab", "bbaa")
            for end, tag in (("c", "V;PST"), ("d", "N;PL"))]  # fmt: skip
    (tmp_path / "train.tsv").write_text("".join("\t".join(row) + "\n" for row in rows), "utf-8")
    assert seqwright("train", tmp_path / "train.tsv", "-o", tmp_path / "model", *TINY).code == 0
    (tmp_path / "features.tsv").write_text("".join(f"{a}\t{f}\n" for a, _, f in rows), "utf-8")
    return tmp_path


def test_targets_in_the_lines_of_a_model_without_features_are_ignored_with_one_warning(tmp_path, seqwright, model):
    (tmp_path / "plain").write_text("abc\ncab\nbca\n", "utf-8")
    (tmp_path / "lines.tsv").write_text("abc\tcba\ncab\tbac\nbca\tacb\n", "utf-8")
    given = seqwright("predict", model, tmp_path / "lines.tsv")
    assert given.out == seqwright("predict", model, tmp_path / "plain").out
    assert given.err.count("warning") == given.err.count("only column 1 is read: this model has no features") == 1


def test_whole_lines_of_training_are_refused_with_the_command_that_reads_them(inflected, seqwright):
    refused = seqwright("predict", inflected / "model", inflected / "train.tsv")
    assert refused.code == 2
    assert refused.out == ""
    assert "column 2 ('abc') has no known features and column 3 has" in refused.err
    words = shlex.split(refused.err.splitlines()[-1])
    expected = seqwright("predict", inflected / "model", inflected / "features.tsv").out
    assert seqwright(*words[words.index("predict") :]).out == expected


def test_columns_of_lines_have_numbers(inflected, seqwright):
    lines = inflected / "features.tsv"
    assert "have no names" in seqwright("predict", inflected / "model", lines, "--source-column", "word").refused(2)


OF_JSON = """extract them: jq -r '.["pair"]["fr"]' FILE | """
FORMATS = {
    "pairs.jsonl": ('{{"n": 1, "pair": {{"fr": "{}", "en": "{}"}}}}\n', OF_JSON),
    "pairs.txt": ("{} ||| {}\n", "' ||| ' and what follows it are part of them"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_lines_in_the_format_of_the_training_file_are_noticed(name, tmp_path, seqwright):
    line, says = FORMATS[name]
    rows = [("abcdef"[n % 6] * (n // 6 + 1), "fedcba"[n % 6]) for n in range(40)]
    (tmp_path / name).write_text("".join(line.format(*row) for row in rows), "utf-8")
    assert seqwright("train", tmp_path / name, "-o", tmp_path / "model", *TINY).code == 0
    assert seqwright("predict", tmp_path / "model", tmp_path / name).err.count(says) == 1
    (tmp_path / "other").write_text('{"a": "b"}\n', "utf-8")
    other = seqwright("predict", tmp_path / "model", tmp_path / "other").err
    assert ("not JSON; give one a line" in other) == (name == "pairs.jsonl")
    (tmp_path / "plain").write_text("abc\n", "utf-8")
    assert "lines are sources" not in seqwright("predict", tmp_path / "model", tmp_path / "plain").err
