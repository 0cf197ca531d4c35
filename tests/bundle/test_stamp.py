"""A model directory is loaded as it was saved, or refused: for any bit of any of its files."""

import json
import shutil
from pathlib import Path

import first_rule
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright import bundle
from seqwright.data.readers import Pair
from seqwright.errors import ModelError


def content(model: bundle.Bundle) -> tuple:
    """Return everything that answers depend on."""
    weights = {name: (array.shape, array.tobytes()) for name, array in model.weights.items()}
    return (
        msgspec.json.encode(model.config), model.source, model.target, model.limits, weights,
        json.dumps(model.manifest), model.int8, model.lexicon,
    )  # fmt: skip


@pytest.fixture(scope="module")
def models(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a model with a lexicon, the same in 8 bits, and one with subwords."""
    from seqwright import config, training

    folder = tmp_path_factory.mktemp("models")
    plain = bundle.load(trained)
    settings = msgspec.structs.replace(plain.config.training, lexicon="pairs.tsv")
    plain = msgspec.structs.replace(
        plain, config=msgspec.structs.replace(plain.config, training=settings), lexicon=[Pair("a", "b"), Pair("c", "")]
    )
    bundle.save(folder / "plain", plain)
    bundle.save(folder / "int8", msgspec.structs.replace(plain, int8=True))
    tiny = ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=1", "training.report=false"]
    tiny += ["text.source_tokens=subwords:40"]
    training.train(trained.parent / "pairs.tsv", output=folder / "subwords", config=config.parse({}, tiny))
    return [folder / "plain", folder / "int8", folder / "subwords"]


@given(data=st.data())
def test_any_flipped_bits_are_refused_or_change_nothing(data: st.DataObject, models: list[Path]) -> None:
    model = data.draw(st.sampled_from(models))
    path = data.draw(st.sampled_from(sorted(file for file in model.iterdir() if file.name in bundle.NAMES)))
    whole = path.read_bytes()
    expected = content(bundle.load(model))
    changed = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, 8 * len(whole) - 1), min_size=1, max_size=3, unique=True)):
        changed[at // 8] ^= 1 << at % 8
    path.write_bytes(changed)
    try:
        found = content(bundle.load(model))
    except ModelError:
        return
    finally:
        path.write_bytes(whole)
    assert found == expected


@pytest.fixture
def model(models: list[Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(models[0], tmp_path / "model"))


def test_a_vocabulary_in_another_order_is_refused(model: Path) -> None:
    path = model / "target.vocab.json"
    document = json.loads(path.read_text("utf-8"))
    document["symbols"].reverse()
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        bundle.load(model)


def test_a_changed_weight_is_refused(model: Path) -> None:
    path = model / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        bundle.load(model)


@pytest.mark.parametrize("name", ["config.json", "manifest.json", "lexicon.json"])
def test_a_changed_value_is_refused(name: str, model: Path) -> None:
    document = json.loads((model / name).read_text("utf-8"))
    if name == "config.json":
        document["limits"]["longest_target"] += 1
    elif name == "manifest.json":
        document["calibration"] = None
    else:
        document["pairs"].reverse()
    (model / name).write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        bundle.load(model)


def test_the_layout_of_the_configuration_is_free(model: Path) -> None:
    path = model / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8"))), encoding="utf-8")
    bundle.load(model)


def test_a_file_of_another_model_is_refused(models: list[Path], model: Path, tmp_path: Path) -> None:
    loaded = bundle.load(models[0])
    other = msgspec.structs.replace(loaded, weights={name: array + 1 for name, array in loaded.weights.items()})
    bundle.save(tmp_path / "other", other)
    for name in ("config.json", "model.safetensors", "lexicon.json"):
        whole = (model / name).read_bytes()
        shutil.copy(tmp_path / "other" / name, model / name)
        with pytest.raises(ModelError, match=r"different models|another model"):
            bundle.load(model)
        (model / name).write_bytes(whole)


def test_files_of_others_in_a_model_directory_change_nothing(models: list[Path], model: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "config.json~", ".config.json.swp", "notes/more.txt", ".next/.DS_Store"):
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_bytes(b"\0")
    loaded = bundle.load(model)
    assert content(loaded) == content(bundle.load(models[0]))
    bundle.save(model, loaded)
    assert (model / ".DS_Store").exists()
    assert (model / "notes" / "more.txt").exists()
    assert content(bundle.load(model)) == content(loaded)


@pytest.mark.parametrize("harm", ["weights", "source.vocab.json"])
def test_a_model_of_the_first_rule_is_verified_by_it(harm: str, model: Path) -> None:
    first_rule.restamp(model)
    bundle.load(model)
    if harm == "weights":
        data = bytearray((model / "model.safetensors").read_bytes())
        data[-1] ^= 1
        (model / "model.safetensors").write_bytes(data)
    else:
        document = json.loads((model / harm).read_text("utf-8"))
        document["symbols"].reverse()
        (model / harm).write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        bundle.load(model)


@pytest.mark.parametrize("lost", [["checksum"], ["stamp_rule"], ["checksum", "stamp_rule"]])
def test_a_model_cannot_lose_its_checksum(lost: list[str], model: Path) -> None:
    document = json.loads((model / "config.json").read_text("utf-8"))
    for key in lost:
        del document[key]
    document["limits"]["longest_target"] += 1
    (model / "config.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        bundle.load(model)


def test_equal_weights_are_equal_bytes_whatever_the_model_came_from(models: list[Path], tmp_path: Path) -> None:
    first = bundle.load(models[0])
    bundle.save(tmp_path / "other", msgspec.structs.replace(first, manifest={"data": "elsewhere"}))
    same = [(path / "model.safetensors").read_bytes() for path in (models[0], tmp_path / "other")]
    assert same[0] == same[1]
