"""A manifest is enough to make the model again."""

import msgspec
import numpy as np
import pytest

from seqwright import bundle, config, errors, training

CONFIG = config.parse({}, ["model.hidden_size=16", "model.embedding_size=8", "training.epochs=2", "training.seed=4"])


@pytest.fixture
def pairs(tmp_path):
    rng = np.random.default_rng(5)
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{''.join(rng.choice(list('abc'), 4))}\t{n % 7}\n" for n in range(200)))
    return path


@pytest.mark.parametrize("with_dev", [False, True])
def test_what_it_recalls_trains_the_same_bytes(pairs, tmp_path, with_dev):
    dev = pairs if with_dev else None
    training.train(pairs, dev=dev, output=tmp_path / "first", config=CONFIG)
    recalled = training.recall(tmp_path / "first" / "manifest.json")
    training.train(recalled.pairs, dev=recalled.dev, output=tmp_path / "again", config=recalled.config)
    first, again = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "again"))
    assert first == again


def test_data_that_changed_since_is_refused_by_name(pairs, tmp_path):
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    pairs.write_text(pairs.read_text() + "x\ty\n")
    with pytest.raises(errors.DataError, match=r"pairs\.tsv is not the file"):
        training.recall(tmp_path / "model" / "manifest.json")
    pairs.unlink()
    with pytest.raises(errors.DataError, match=r"pairs\.tsv: no such file"):
        training.recall(tmp_path / "model" / "manifest.json")


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1, 2", b'{"data": {}, "again": {"pairs": 3}}'])
def test_what_is_no_manifest_is_refused(tmp_path, damage):
    path = tmp_path / "manifest.json"
    path.write_bytes(damage)
    with pytest.raises(errors.ModelError, match="not the manifest"):
        training.recall(path)


def test_it_is_json_that_a_model_directory_loads(pairs, tmp_path):
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    written = msgspec.json.decode((tmp_path / "model" / "manifest.json").read_bytes())
    assert bundle.load(tmp_path / "model").manifest == written


def test_a_manifest_nested_too_deeply_is_refused(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(errors.ModelError, match="not the manifest"):
        training.recall(path)


def test_a_manifest_with_earlier_names_of_settings_recalls_the_same(pairs, tmp_path):
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    path = tmp_path / "model" / "manifest.json"
    expected = training.recall(path).config
    text = path.read_text(encoding="utf-8")
    for now, before in (("embedding_size", "wordvec_size"), ("learning_rate", "rate")):
        assert f'"{now}"' in text
        text = text.replace(f'"{now}"', f'"{before}"')
    path.write_text(text, encoding="utf-8")
    assert training.recall(path).config == expected
