"""Several networks in one model directory."""

import numpy as np
import pytest

import seqwright
from seqwright import bundle, config, training

SETTINGS = ["model.hidden_size=24", "model.wordvec_size=8", "training.epochs=4"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    rng = np.random.default_rng(5)
    words = ["".join(rng.choice(list("abcde"), rng.integers(1, 7))) for _ in range(300)]
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    path.write_text("".join(f"{word}\t{word[::-1]}\n" for word in words))
    return path


def trained(pairs, path, *settings):
    return training.train(pairs, output=path, config=config.parse({}, [*SETTINGS, *settings]))


def test_the_first_member_is_the_network_that_would_be_trained_alone_and_no_two_are_equal(pairs, tmp_path):
    trained(pairs, tmp_path / "one")
    trained(pairs, tmp_path / "three", "training.members=3")
    alone, members = bundle.load(tmp_path / "one").members, bundle.load(tmp_path / "three").members
    assert (len(alone), len(members)) == (1, 3)
    for name, array in alone[0].items():
        np.testing.assert_array_equal(array, members[0][name])
    assert not np.array_equal(members[0]["decoder.affine.W"], members[1]["decoder.affine.W"])


def test_the_members_answer_together_and_their_score_is_in_the_manifest(pairs, tmp_path):
    unlike = config.parse({"others": [{"attention": "bilinear"}]}, [*SETTINGS, "training.members=2"])
    model = training.train(pairs, output=tmp_path / "model", config=unlike)
    together = model.predict(["abc"], beam=3)[0][0]
    step_by_step = seqwright.load(tmp_path / "model").predict(["abc"], beam=3)[0][0]
    assert together.text == step_by_step.text
    assert together.score == step_by_step.score
    assert [network.attention for network in model.bundle.config.networks] == ["additive", "bilinear"]
    parts = [bundle.load(tmp_path / "model").networks()[n].params.flat for n in range(2)]
    assert not np.array_equal(*parts)
    assert set(model.bundle.manifest["scores"]) >= {"dev_accuracy", "dev_ter"}
