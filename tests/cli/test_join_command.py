"""`seqwright join` writes a model that every command takes."""

import json
import re
import shutil

import pytest

from seqwright import bundle


@pytest.fixture
def joined(seqwright, model, tmp_path):
    """Return the directory of a model twice joined with itself."""
    shutil.copytree(model, tmp_path / "again")
    result = seqwright("join", model, tmp_path / "again", "-o", tmp_path / "joined")
    assert result.code == 0, result
    assert "an ensemble of 2 networks" in result.out
    assert re.search(r"exact match on \d+ sources:\n +[\d.]+ %  \S+model\n(.*\n){1} +[\d.]+ %  ensemble", result.out)
    return tmp_path / "joined"


def test_every_command_takes_it(seqwright, joined, pairs):
    assert seqwright("evaluate", joined, pairs).code == 0
    assert seqwright("score", joined, pairs).code == 0
    assert seqwright("predict", joined, pairs).out.count("\n") == pairs.read_text("utf-8").count("\n")
    shown = seqwright("inspect", joined).out
    assert re.search(r"^dev +exact match [\d.]+ %, TER [\d.]+ %$", shown, re.MULTILINE)
    assert re.search(r"^joined +\S+again, seed 1$", shown, re.MULTILINE)
    assert json.loads(seqwright("inspect", joined, "--json").out)
    assert seqwright("report", joined).code == 0
    assert seqwright("export", joined, "--int8").code == 0


def test_networks_that_differ_are_joined_shown_and_made_smaller(seqwright, model, pairs, tmp_path):
    settings = ["--set", "model.hidden_size=12", "--set", "model.attention=bilinear",
                "--set", "training.cross_validation=0"]  # fmt: skip
    assert seqwright("train", pairs, "-o", tmp_path / "other", "--epochs", 1, *settings).code == 0
    assert seqwright("join", model, tmp_path / "other", "-o", tmp_path / "joined").code == 0
    shown = seqwright("inspect", tmp_path / "joined").out.splitlines()
    assert re.match("network +LSTM, 1 layer of 8 units, .*additive attention$", shown[0])
    assert re.match(" +LSTM, 1 layer of 12 units, .*bilinear attention$", shown[1])
    assert seqwright("export", tmp_path / "joined", "--int8", "-o", tmp_path / "small").code == 0
    assert seqwright("predict", tmp_path / "small", pairs).out.count("\n") == pairs.read_text("utf-8").count("\n")


def test_it_cannot_be_made_again_from_its_manifest(seqwright, joined, tmp_path):
    result = seqwright("train", "--from-manifest", joined / "manifest.json", "-o", tmp_path / "out")
    assert "not the manifest of a training" in result.refused(1)


def test_one_model_is_refused(seqwright, model, tmp_path):
    assert "two or more" in seqwright("join", model, "-o", tmp_path / "out").refused(2)


def test_one_model_given_twice_is_refused(seqwright, model, tmp_path):
    assert "twice" in seqwright("join", model, model.parent / "." / model.name, "-o", tmp_path / "out").refused(2)


def test_without_pairs_to_evaluate_on_the_reason_is_printed(seqwright, model, tmp_path):
    whole = bundle.load(model)
    whole.manifest["provenance"]["files"][0]["kind"] = "stream"
    bundle.save(model, whole)
    shutil.copytree(model, tmp_path / "again")
    result = seqwright("join", model, tmp_path / "again", "-o", tmp_path / "out")
    assert result.code == 0
    assert "not measured" in result.out
    assert "--data" in result.out
