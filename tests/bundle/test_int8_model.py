"""A model in 8 bits: smaller, a model like any other, and refused where it cannot be one."""

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import safetensors.numpy

import seqwright
from seqwright import bundle, exporters
from seqwright.errors import ModelError, UsageError
from seqwright.models import Seq2seq, int8


@pytest.fixture(scope="module")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exporters.export(trained, output=tmp_path_factory.mktemp("exported") / "small").output


def test_the_weights_take_about_a_quarter_of_the_space(trained: Path, exported: Path) -> None:
    net = seqwright.Seq2seq(60, 64, 256, bidirectional=True, attention="bilinear")
    floats = net.params.named
    codes = int8.to_codes(floats, net.params.declared)
    assert sum(a.nbytes for a in codes.values()) < 0.27 * sum(a.nbytes for a in floats.values())
    assert (exported / bundle.WEIGHTS).stat().st_size < (trained / bundle.WEIGHTS).stat().st_size


def test_what_is_saved_again_is_the_same_to_the_byte(exported: Path, tmp_path: Path) -> None:
    bundle.save(tmp_path / "again", bundle.load(exported))
    for file in exported.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_codes_come_back_as_floats_half_a_scale_off_at_most(trained: Path) -> None:
    [network] = bundle.load(trained).networks
    weights, declared = network.arrays, Seq2seq.declared(network.spec)
    stored = int8.to_codes(weights, declared)
    for name, restored in int8.from_codes(stored, declared).items():
        if restored.ndim == 2:
            scales = stored[f"{name}.scales"].max()
            assert 0 < np.abs(restored - weights[name]).max() <= 0.5001 * scales
        else:
            assert np.array_equal(restored, weights[name])


def test_it_answers_nearly_as_before(trained: Path, exported: Path) -> None:
    sources = ["abc", "hgf", "", "aabbccdd", "fed"]
    before, after = (seqwright.load(model).predict(sources) for model in (trained, exported))
    assert sum(b[0].text == a[0].text for b, a in zip(before, after, strict=True)) >= 4
    drift = [abs(b[0].score - a[0].score) for b, a in zip(before, after, strict=True)]
    assert 0 < max(drift) < 0.2


def test_a_score_is_nearly_that_of_the_answer(exported: Path) -> None:
    model = seqwright.load(exported)
    sources = ["abc", "hgf", "fed"]
    best = [hypotheses[0] for hypotheses in model.predict(sources)]
    scored = model.score(sources, [one.text for one in best])
    for one, record in zip(best, scored, strict=True):
        assert record.best.score == pytest.approx(one.score, abs=0.1)


def test_older_releases_read_models_of_floats_and_are_told_of_others(trained: Path, exported: Path) -> None:
    plain, small = (json.loads((model / "config.json").read_bytes()) for model in (trained, exported))
    assert plain["format_version"] == 1
    assert "weights" not in plain
    assert (small["format_version"], small["weights"]) == (2, "int8")


def test_what_is_in_8_bits_is_not_exported_again(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="in 8 bits already"):
        exporters.export(exported, output=tmp_path / "again")


def test_what_stands_at_the_output_stays_there(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes").touch()
    with pytest.raises(UsageError, match="exists already"):
        exporters.export(trained, output=tmp_path / "taken")


def test_what_a_killed_export_left_does_not_stand_in_the_way(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "left" / ".set.7.partial").mkdir(parents=True)
    exporters.export(trained, output=tmp_path / "left")
    assert not list((tmp_path / "left").glob(".set*"))


def test_it_cannot_be_fine_tuned(exported: Path, tmp_path: Path, reversals: str) -> None:
    data = tmp_path / "pairs.tsv"
    data.write_text(reversals, encoding="utf-8")
    with pytest.raises(UsageError, match="fine-tune the one it was exported from"):
        seqwright.train(data, output=tmp_path / "model", fine_tune=exported)


def test_weights_that_are_not_finite_are_not_quantised(trained: Path, tmp_path: Path) -> None:
    loaded = bundle.load(trained)
    weights = {name: array.copy() for name, array in loaded.weights.items()}
    weights["decoder.affine.W"][0, 0] = np.nan
    bundle.save(tmp_path / "model", msgspec.structs.replace(loaded, weights=weights))
    with pytest.raises(ModelError, match=r"decoder\.affine\.W has values that are not finite"):
        exporters.export(tmp_path / "model")


DAMAGE = {
    "no scales": lambda arrays: arrays.pop("decoder.affine.W.scales"),
    "too few scales": lambda arrays: arrays.update({"decoder.affine.W.scales": np.ones(3, np.float32)}),
    "scales of another type": lambda arrays: arrays.update({"decoder.affine.W.scales": np.ones(8, np.int32)}),
    "floats": lambda arrays: arrays.update({"decoder.affine.W": arrays["decoder.affine.W"].astype(np.float32)}),
    "a matrix of three dimensions": lambda arrays: arrays.update({"decoder.affine.W": np.ones((2, 2, 2), np.int8)}),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_codes_without_their_scales_are_named(exported: Path, tmp_path: Path, damage: str) -> None:
    model = Path(shutil.copytree(exported, tmp_path / "model"))
    stamp = json.loads((model / "config.json").read_bytes())["stamp"]
    arrays = safetensors.numpy.load_file(model / bundle.WEIGHTS)
    DAMAGE[damage](arrays)
    (model / bundle.WEIGHTS).write_bytes(safetensors.numpy.save(arrays, {"stamp": stamp}))
    with pytest.raises(ModelError, match=r"decoder\.affine\.W has no int8 codes|Invalid enum value .I32."):
        bundle.load(model)
