"""What is saved is what is loaded; what is damaged is named; what fails leaves the previous model."""

import errno
import json
import os
import shutil
from pathlib import Path

import first_rule
import msgspec
import numpy as np
import pytest
import safetensors.numpy

import seqwright
from seqwright import bundle, config
from seqwright.errors import ModelError, OutputError
from seqwright.models import Seq2seq
from seqwright.training import recipe
from seqwright.training.traits import Traits

FILES = ["config.json", "manifest.json", "model.safetensors", "source.vocab.json", "target.vocab.json"]


@pytest.fixture
def model(tmp_path, trained) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "model"))


def other_than(model: Path) -> bundle.Bundle:
    """Return a model that differs from the one of a directory in its weights alone."""
    loaded = bundle.load(model)
    return msgspec.structs.replace(loaded, weights={name: array + 1 for name, array in loaded.weights.items()})


def answers(model: Path) -> list[str]:
    return [hypotheses[0].text for hypotheses in seqwright.load(model).predict(["abc", "hgf", ""])]


def refusal(model: Path) -> str:
    """Return what is said of a model that cannot be loaded, or nothing."""
    try:
        bundle.load(model)
    except ModelError as error:
        return str(error)
    return ""


def edit(path: Path, change) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_what_is_saved_is_what_is_loaded(tmp_path, trained):
    first = bundle.load(trained)
    bundle.save(tmp_path / "deep" / "copy", first)
    second = bundle.load(tmp_path / "deep" / "copy")
    for field in ("config", "source", "target", "limits", "manifest"):
        assert getattr(first, field) == getattr(second, field)
    assert first.weights.keys() == second.weights.keys()
    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert sorted(path.name for path in (tmp_path / "deep" / "copy").iterdir()) == FILES


def test_weights_are_float32_under_the_names_of_the_network(trained):
    weights = safetensors.numpy.load_file(trained / "model.safetensors")
    loaded = bundle.load(trained)
    spec = loaded.config.model.spec(len(loaded.source.vocabulary), len(loaded.target.vocabulary))
    assert {name: array.shape for name, array in weights.items()} == {
        name: one.shape for name, one in Seq2seq.declared(spec).items()
    }
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}


def test_the_stored_configuration_has_no_question_left(trained):
    stored = json.loads((trained / "config.json").read_bytes())["config"]
    sections = {name: keys for name, keys in stored.items() if name != "others"}
    open_ = {f"{section}.{key}" for section, keys in sections.items() for key, value in keys.items() if value is None}
    asked = {f"text.{key}" for key in ("source_column", "target_column", "header", "delimiter", "comment")}
    assert stored["text"]["schema"] is not None, "what was found, where nothing was asked"
    unlimited = {"training.time_budget_s", "training.patience", "optim.clip_norm"}  # where none is no limit
    kernels = {"training.device"}  # none: the kernels of the package
    assert open_ - asked - kernels - {"optim.warmup_steps"} <= unlimited
    assert config.parse(stored) == bundle.load(trained).config


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(name, model):
    (model / name).unlink()
    with pytest.raises(ModelError, match="missing") as caught:
        bundle.load(model)
    assert str(model / name) in str(caught.value)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("keep", [0, 1, 0.5, -1])
def test_a_file_cut_short_is_named(name, keep, model):
    data = (model / name).read_bytes()
    end = round(keep * len(data)) if isinstance(keep, float) else keep
    (model / name).write_bytes(data[:end].rstrip() if end >= 0 else data.rstrip()[:end])
    with pytest.raises(ModelError) as caught:
        bundle.load(model)
    assert str(model / name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_damage_anywhere_raises_nothing_but_a_model_error(name, model):
    data = (model / name).read_bytes()
    rng = np.random.default_rng(1)
    for at in {0, 7, 8, len(data) - 1, *rng.integers(len(data), size=40).tolist()}:
        for byte in (0, 0xFF, data[at] ^ 1):
            (model / name).write_bytes(data[:at] + bytes([byte]) + data[at + 1 :])
            assert str(model) in (message := refusal(model) or str(model))
            assert "\n" not in message


@pytest.mark.parametrize("name", ["config.json", "source.vocab.json", "target.vocab.json"])
def test_a_newer_format_asks_for_an_upgrade(name, model):
    edit(model / name, lambda document: document.update({"format_version" if name == "config.json" else "version": 99}))
    with pytest.raises(ModelError, match=r"99.*upgrade seqwright"):
        bundle.load(model)


def test_a_newer_format_is_recognised_even_where_the_rest_means_nothing(model):
    (model / "config.json").write_text('{"format_version": 99, "what": "ever"}', encoding="utf-8")
    with pytest.raises(ModelError, match="upgrade seqwright"):
        bundle.load(model)


@pytest.mark.parametrize(("name", "side"), [("source.vocab.json", "encoder"), ("target.vocab.json", "decoder")])
def test_a_vocabulary_that_does_not_match_its_weights_is_refused(name, side, model):
    edit(model / name, lambda document: document["symbols"].pop())
    with pytest.raises(ModelError, match=f"the {side} has weights for 12 symbols, its vocabulary has 11"):
        bundle.load(model)


def test_weights_of_another_shape_are_refused(model):
    edit(model / "config.json", lambda document: document["config"]["model"].update(hidden_size=9))
    with pytest.raises(ModelError, match=r"weight \S+ has shape .* expected"):
        bundle.load(model)


def test_what_a_file_is_too_old_to_name_is_not_found_anew(model, reversals, tmp_path):
    (tmp_path / "pairs.tsv").write_text(reversals, encoding="utf-8")
    plain = ["model.copying=false", "model.layers=2", "model.hidden_size=4", "training.epochs=1"]
    seqwright.train(tmp_path / "pairs.tsv", output=model, overwrite=True, config=config.parse({}, plain))
    later = ["encoder_layers", "copying", "sum_features", "distance_bias"]
    edit(model / "config.json", lambda document: [document["config"]["model"].pop(name) for name in later])
    first_rule.restamp(model)
    loaded = bundle.load(model).config
    assert loaded.model.encoder_layers == 2
    assert recipe.complete(loaded, Traits(1_000_000, copied_share=0.9)).model == loaded.model


@pytest.mark.parametrize(
    ("edited", "why"),
    [
        ({"tied": True}, "need embeddings as wide as the hidden state"),
        ({"tied": True, "embedding_size": 8, "sum_features": True}, "no rows for a conditioning vector"),
        ({"attention": "none", "copying": True}, "copying needs attention"),
        ({"attention": "none", "copying": False, "distance_bias": True}, "distance_bias needs attention"),
        ({"attention": "dot"}, "needs a unidirectional encoder"),
        ({"reversed_source": True}, "no effect on a bidirectional encoder"),
    ],
    ids=str,
)
def test_settings_that_do_not_go_together_are_refused(edited, why, model):
    edit(model / "config.json", lambda document: document["config"]["model"].update(edited))
    message = refusal(model)
    assert str(model / "config.json") in message
    assert why in message
    assert "undo the change, or restore the model from a copy" in message


def test_a_mixture_of_two_models_is_refused(tmp_path, model):
    bundle.save(tmp_path / "other", other_than(model))
    shutil.copy(tmp_path / "other" / "model.safetensors", model)
    with pytest.raises(ModelError, match="two different models"):
        bundle.load(model)


@pytest.mark.parametrize("n", range(len(FILES)))
def test_a_disk_that_fills_up_at_any_file_leaves_the_previous_model(n, model, monkeypatch):
    other, before = other_than(model), answers(model)
    calls = iter(range(100))

    def full(_descriptor):
        if next(calls) == n:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        bundle.save(model, other)
    assert answers(model) == before
    assert sorted(path.name for path in model.iterdir() if path.name != "metrics.jsonl") == FILES
