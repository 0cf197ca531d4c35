"""`seqwright export` writes a model that every command takes."""

import json
import re

import pytest

from seqwright import bundle


@pytest.fixture
def small(seqwright, model, pairs, tmp_path):
    """Return the directory of an exported model."""
    result = seqwright("export", model, "--int8", "--data", pairs)
    assert result.code == 0, result
    assert re.search(r"model-int8: [\d.]+ MB of weights instead of [\d.]+ \(1/[\d.]+\)\n", result.out)
    assert re.search(
        r"exact match: [\d.]+ % before, [\d.]+ % after \([+-][\d.]+ points\), of [\d,]+ sources", result.out
    )
    return tmp_path / "model-int8"


def test_every_command_takes_it(seqwright, small, pairs):
    assert seqwright("evaluate", small, pairs).code == 0
    assert seqwright("score", small, pairs).code == 0
    assert seqwright("predict", small, pairs).out.count("\n") == pairs.read_text("utf-8").count("\n")
    assert "parameters" in seqwright("inspect", small).out
    assert json.loads(seqwright("inspect", small, "--json").out)["weights"] == "int8"


def test_without_pairs_to_evaluate_on_the_reason_is_printed(seqwright, model, tmp_path):
    whole = bundle.load(model)
    whole.manifest["provenance"]["files"][0]["kind"] = "stream"
    bundle.save(model, whole)
    result = seqwright("export", model, "--int8", "-o", tmp_path / "out")
    assert result.code == 0
    assert "not measured" in result.out
    assert "--data" in result.out


def test_it_asks_for_the_form(seqwright, model):
    assert "--int8" in seqwright("export", model).refused(2)


def test_what_is_small_already_is_refused(seqwright, small, tmp_path):
    assert "already" in seqwright("export", small, "--int8", "-o", tmp_path / "again").refused(2)
