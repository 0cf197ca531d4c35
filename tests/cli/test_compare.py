"""Output of `seqwright compare`."""

import json

import pytest


@pytest.fixture
def test_file(tmp_path, seqwright, model):
    """Return a file that the model answers half right."""
    sources = ["abc", "bcd", "cde", "dea"]
    (tmp_path / "sources.txt").write_text("\n".join(sources), encoding="utf-8")
    answers = seqwright("predict", model, tmp_path / "sources.txt").out.splitlines()
    path = tmp_path / "test.tsv"
    lines = [
        f"{source}\t{answer}{'x' * (i % 2)}\n" for i, (source, answer) in enumerate(zip(sources, answers, strict=True))
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_a_model_does_not_differ_from_itself(seqwright, model, test_file):
    result = seqwright("compare", model, model, test_file)
    assert result.code == 0
    assert "exact match   50.00 %    50.00 %    +0.00" in result.out
    assert "both right          2\n" in result.out
    assert result.out.endswith("\nVerdict: no significant difference on 4 sources.\n")
    assert "for example" not in result.out


def test_json_holds_both_scores_and_the_bootstrap(seqwright, model, test_file):
    result = json.loads(seqwright("compare", model, model, test_file, "--json", "--seed", 7).out)
    assert result["a"] == result["b"]
    assert result["exact"] == {"value": 0, "low": 0, "high": 0, "p": 1, "b_higher": 0}
    assert (result["resamples"], result["seed"], result["both_wrong"], result["only_a"]) == (10_000, 7, 2, [])


def test_a_missing_model_is_a_failure_that_names_it(seqwright, model, test_file, tmp_path):
    assert "gone: no such model directory" in seqwright("compare", model, tmp_path / "gone", test_file).refused(1)
