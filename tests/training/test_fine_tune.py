"""A new training from an old model's weights."""

import numpy as np
import pytest

import seqwright
from seqwright import bundle, config, errors, training
from seqwright.training.events import Measured

SETTINGS = ["model.hidden_size=32", "model.embedding_size=8", "training.dev_share=0.2", "training.cross_validation=0"]


def write(path, letters, seed, n=400):
    """Write words and their letters in reverse."""
    rng = np.random.default_rng(seed)
    words = ["".join(rng.choice(list(letters), rng.integers(1, 6))) for _ in range(n)]
    path.write_text("".join(f"{word}\t{word[::-1]}\n" for word in words))
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The directory of a model that reverses words of four letters."""
    folder = tmp_path_factory.mktemp("base")
    pairs = write(folder / "pairs.tsv", "abcd", 1)
    training.train(pairs, output=folder / "model", config=config.parse({}, [*SETTINGS, "training.epochs=30"]))
    return folder / "model"


def tuned(pairs, output, base, *settings):
    events = []
    training.train(
        pairs, output=output, config=config.parse({}, [*SETTINGS, "training.epochs=1", *settings]),
        fine_tune=base, listen=events.append,
    )  # fmt: skip
    return [event.dev_accuracy for event in events if isinstance(event, Measured)]


def test_it_goes_on_from_what_the_old_model_knows(base, tmp_path):
    pairs = write(tmp_path / "pairs.tsv", "abcd", 2)
    fresh = training.train(pairs, output=tmp_path / "fresh", config=config.parse({}, [*SETTINGS, "training.epochs=1"]))
    from_base = tuned(pairs, tmp_path / "tuned", base, "optim.learning_rate=1e-3")
    assert from_base[-1] > fresh.bundle.manifest["scores"]["dev_accuracy"] + 20


def test_old_symbols_keep_their_ids_and_weights_and_new_ones_follow(base, tmp_path):
    pairs = write(tmp_path / "pairs.tsv", "cdxy", 3)
    tuned(pairs, tmp_path / "tuned", base, "optim.learning_rate=1e-12", "optim.schedule=constant")
    old, new = bundle.load(base), bundle.load(tmp_path / "tuned")
    for side in ("source", "target"):
        before, after = (getattr(one, side).vocabulary.symbols for one in (old, new))
        assert after[: len(before)] == before
        assert set(after[len(before) :]) == {"x", "y"}
    for name, array in old.weights.items():
        kept = new.weights[name][tuple(map(slice, array.shape))]
        np.testing.assert_allclose(kept, array, atol=1e-6, err_msg=name)


def test_new_symbols_are_learned(base, tmp_path):
    pairs = write(tmp_path / "pairs.tsv", "xy", 4)
    accuracy = tuned(pairs, tmp_path / "tuned", base, "training.epochs=25")
    assert max(accuracy) > 80


def test_the_manifest_repeats_a_fine_tuning_to_the_byte(base, tmp_path):
    pairs = write(tmp_path / "pairs.tsv", "cdx", 5)
    tuned(pairs, tmp_path / "first", base)
    recalled = training.recall(tmp_path / "first" / "manifest.json")
    training.train(
        recalled.pairs,
        dev=recalled.dev,
        output=tmp_path / "again",
        config=recalled.config,
        fine_tune=recalled.fine_tune,
    )
    first, again = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "again"))
    assert first == again


def test_a_model_is_not_tuned_in_its_own_place(base, tmp_path):
    with pytest.raises(errors.UsageError, match="another --output"):
        training.train(write(tmp_path / "pairs.tsv", "ab", 6), output=base, fine_tune=base)


def test_each_network_goes_on_from_one_of_its_kind(tmp_path):
    pairs = write(tmp_path / "pairs.tsv", "abcd", 5)
    other = {"attention": "bilinear"}
    unlike = config.parse({"others": [other]}, [*SETTINGS, "training.epochs=1", "training.members=2"])
    two = training.train(pairs, output=tmp_path / "two", config=unlike).bundle
    still = ["optim.learning_rate=1e-12", "optim.schedule=constant"]
    tuned(pairs, tmp_path / "three", tmp_path / "two", "training.members=3", *still)
    three = bundle.load(tmp_path / "three")
    assert [one.attention for one in three.config.networks] == ["additive", "bilinear", "additive"]
    for member, network in enumerate(three.networks):
        weights = network.arrays
        for name, array in two.networks[member % 2].arrays.items():
            np.testing.assert_allclose(weights[name], array, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("tokens", [["subwords:40", "subwords:30"], ["subwords:40", "characters"]])
def test_subwords_of_the_old_model_cut_the_new_texts(tmp_path, tokens):
    cut = [f"text.source_tokens={tokens[0]}", f"text.target_tokens={tokens[1]}", "training.epochs=8"]
    pairs = write(tmp_path / "old.tsv", "abcd", 1)
    training.train(pairs, output=tmp_path / "base", config=config.parse({}, [*SETTINGS, *cut]))
    tuned(write(tmp_path / "new.tsv", "cdxy", 3), tmp_path / "tuned", tmp_path / "base", "optim.learning_rate=1e-12")
    old, new = bundle.load(tmp_path / "base"), bundle.load(tmp_path / "tuned")
    assert new.source.model == old.source.model
    assert (new.target.model is None) == (old.target.model is None)
    assert new.config.text.source_tokens == tokens[0]
    for side in ("source", "target"):
        before, after = (getattr(one, side).vocabulary.symbols for one in (old, new))
        assert list(after[: len(before)]) == list(before)
        assert {"x", "y"} <= {piece.strip("\u2581") for piece in after[len(before) :]}
    [answer] = training_answers(tmp_path / "tuned", "abcd")
    assert answer == training_answers(tmp_path / "base", "abcd")[0]


def training_answers(directory, *sources):
    return [hypotheses[0].text for hypotheses in seqwright.load(directory).predict(sources)]
