"""`seqwright score` prints the log-probability of each pair."""

import json
import math

import pytest

import seqwright as package

PAIRS = [("abc", "cba"), ("", "a"), ("hg", "gжh"), ("fed", "")]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "given.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS), encoding="utf-8")
    return path


def test_a_score_for_each_line_in_order(seqwright, model, file):
    result = seqwright("score", model, file)
    records = package.load(model).score(*zip(*PAIRS, strict=True))
    assert result.code == 0
    assert result.out == "".join(f"{record.best.score:.4f}\n" for record in records)
    assert result.out.split("\n")[2] == "-inf"


def test_json_has_tokens_with_scores_and_names_unknown_target_symbols(seqwright, model, file):
    records = [json.loads(line) for line in seqwright("score", model, file, "--json").out.splitlines()]
    assert [(record["source"], record["text"]) for record in records] == PAIRS
    assert all(len(record["token_scores"]) == len(record["tokens"]) + 1 for record in records)
    assert records[2]["flags"] == ["unknown-target:ж"]
    assert records[2]["score"] is None  # JSON has no infinity


def test_without_normalisation_a_score_is_the_whole_log_probability(seqwright, model, file):
    means = seqwright("score", model, file).out.split()
    totals = seqwright("score", model, file, "--length-norm", 0).out.split()
    for (_, target), mean, total in zip(PAIRS, means, totals, strict=True):
        assert math.isinf(float(total)) or float(total) == pytest.approx(float(mean) * (len(target) + 1), abs=1e-3)


def test_a_file_that_is_none_is_refused(seqwright, model, tmp_path):
    assert "no such file" in seqwright("score", model, tmp_path / "none.tsv").refused(1)
