"""Ensembles whose networks after the first one are snapshots of one training."""

import itertools

import numpy as np
import pytest

from seqwright import bundle, config, errors, training
from seqwright.training.events import Measured
from seqwright.training.execution import in_process

SETTINGS = [
    "model.hidden_size=12", "model.embedding_size=8", "training.epochs=8", "training.cross_validation=0",
    "training.patience=none", "training.report=false", "training.members=3", "training.snapshots=0.25",
]  # fmt: skip


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


def trained(pairs, path, *settings, **options):
    return training.train(pairs, output=path, config=config.parse({}, [*SETTINGS, *settings]), **options)


def test_each_is_trained_for_its_share_of_the_epochs(pairs, tmp_path):
    epochs = []

    def receive(event):
        if isinstance(event, Measured):
            epochs.append(event.epoch)

    trained(pairs, tmp_path / "model", listen=receive)
    assert epochs == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 1, 2]


def test_each_begins_with_the_parameters_kept_of_the_one_before(pairs, tmp_path):
    # With a learning rate that changes nothing, all networks are the first one.
    trained(pairs, tmp_path / "model", "optim.learning_rate=1e-12")
    trained(pairs, tmp_path / "apart", "optim.learning_rate=1e-12", "training.snapshots=0")
    first, *others = (network.params.flat for network in bundle.load(tmp_path / "model").build())
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-9)
    one, two, _ = (network.params.flat for network in bundle.load(tmp_path / "apart").build())
    assert np.abs(one - two).max() > 0.1


def test_each_differs_from_the_one_before(pairs, tmp_path):
    networks = [network.params.flat for network in trained(pairs, tmp_path / "model").bundle.build()]
    assert len(networks) == 3
    assert not any(np.array_equal(one, other) for one, other in itertools.pairwise(networks))


def test_a_training_that_is_interrupted_in_a_snapshot_ends_with_the_same_bytes(pairs, tmp_path):
    trained(pairs, tmp_path / "whole")
    n_measured = 0

    def interrupt(event):
        nonlocal n_measured
        n_measured += isinstance(event, Measured)
        if n_measured == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(pairs, tmp_path / "model", listen=interrupt)
    trained(pairs, tmp_path / "model")
    assert (tmp_path / "model/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()


def test_what_they_cannot_be_combined_with_is_refused(pairs, tmp_path):
    with pytest.raises(errors.UsageError, match="one network after another"):
        trained(pairs, tmp_path / "model", execute=in_process)
    with pytest.raises(errors.ConfigError, match="leave out one of them"):
        config.parse({"others": [{"attention": "bilinear"}]}, ["training.members=2", "training.snapshots=0.2"])
