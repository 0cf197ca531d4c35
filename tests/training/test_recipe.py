"""Defaults that depend on the data."""

import itertools

import pytest

from seqwright import config
from seqwright.training import recipe
from seqwright.training.traits import FEW, Traits

SIZES = [2, 10, 100, 999, 1000, 3600, 20_000, 113_438, 10**6, 10**7, 10**8, 10**9]


def completed(n_pairs, *settings, copied_share=0.0, target_length=8.0):
    return recipe.complete(config.parse({}, settings), Traits(n_pairs, copied_share, target_length))


def test_more_pairs_get_fewer_epochs_in_batches_and_networks_that_are_no_smaller():
    for fewer, more in itertools.pairwise(map(completed, SIZES)):
        assert more.training.epochs <= fewer.training.epochs
        assert more.training.batch_size >= fewer.training.batch_size
        assert more.model.hidden_size >= fewer.model.hidden_size


def test_few_pairs_are_seen_often_and_many_as_often_as_takes_hours():
    seen = {n: n * completed(n).training.epochs for n in SIZES}
    assert seen[100] >= 5_000
    assert seen[10**6] <= 5_000_000  # an hour or two on one core
    assert all(completed(n).training.epochs == 1 for n in (10**8, 10**9))


def test_targets_that_mostly_occur_in_the_source_are_copied():
    assert not completed(100, copied_share=0.3).model.copying
    assert completed(100, copied_share=0.9).model.copying


@pytest.mark.parametrize(
    ("n_pairs", "copied_share", "target_length", "steered"),
    [(100, 0.3, 13, False), (100, 0.9, 8, True), (100_000, 0.3, 8, True), (100, 0.3, 28, True)],
)
def test_what_copies_or_is_large_or_says_much_attends_additively_and_by_distance(
    n_pairs, copied_share, target_length, steered
):
    found = completed(n_pairs, copied_share=copied_share, target_length=target_length).model
    assert (found.attention, found.distance_bias) == ("additive" if steered else "bilinear", steered)


def test_given_attention_stays():
    assert completed(100, "model.attention=bilinear", copied_share=0.9).model.attention == "bilinear"
    assert not completed(100_000, "model.attention=none").model.distance_bias
    assert not completed(100, "model.attention=none", copied_share=0.9).model.copying


def test_other_networks_that_are_described_are_filled_in():
    given = {"others": [{"hidden_size": 7}, {"attention": "additive"}]}
    found = recipe.complete(config.parse(given, ["training.members=3"]), Traits(3600)).networks
    assert [one.hidden_size for one in found] == [256, 7, 256]
    assert [one.attention for one in found] == ["bilinear", "bilinear", "additive"]
    assert {one.embedding_size for one in found} == {64}


def test_features_are_summed_unless_there_are_no_weights_for_the_sum():
    tied = ["model.tied=true", "model.embedding_size=64", "model.hidden_size=64"]
    assert completed(100, "text.features_column=3").model.sum_features
    assert not completed(100, "text.features_column=3", *tied).model.sum_features


def test_the_sum_of_features_has_dropout_for_many_pairs_only_unless_it_is_given():
    features = "text.features_column=3"
    found = [completed(n, features, "model.dropout=0.2").model.feature_dropout for n in (100, 1999, 2000, 10**5)]
    assert found == [0, 0, 0.2, 0.2]
    assert completed(3600, "model.dropout=0.2").model.feature_dropout == 0
    assert completed(100, features, "model.feature_dropout=0.1").model.feature_dropout == 0.1
    assert config.ModelConfig(dropout=0.2).spec().feature_dropout == 0.2  # of an earlier version, without the setting


def test_a_larger_network_has_wider_embeddings_and_smaller_steps():
    few, many = completed(10_000), completed(100_000)
    assert many.model.hidden_size > few.model.hidden_size
    assert many.model.embedding_size > few.model.embedding_size
    assert many.optim.learning_rate < few.optim.learning_rate


def test_a_large_network_has_a_deeper_encoder_which_is_never_less_deep_than_the_decoder():
    assert (completed(100).model.encoder_layers, completed(100_000).model.encoder_layers) == (1, 2)
    assert completed(100, "model.layers=3").model.encoder_layers == 3
    assert completed(100_000, "model.layers=3").model.encoder_layers == 3
    assert completed(100_000, "model.encoder_layers=3").model.encoder_layers == 3


@pytest.mark.parametrize("given", [[], ["model.hidden_size=32"], ["model.embedding_size=32"]])
def test_tied_weights_have_one_width(given):
    model = completed(5000, "model.tied=true", *given).model
    assert model.embedding_size == model.hidden_size == (32 if given else 256)


def test_given_settings_stay():
    for n_pairs in SIZES:
        given = completed(
            n_pairs,
            "model.hidden_size=7",
            "training.batch_size=3",
            "training.epochs=9",
            "model.dropout=0",
            "optim.learning_rate=1",
        )
        assert (given.model.hidden_size, given.training.batch_size, given.training.epochs) == (7, 3, 9)
        assert (given.model.dropout, given.optim.learning_rate) == (0, 1)


def test_a_long_training_waits_longer_for_something_better():
    assert completed(3600).training.patience == 10
    assert completed(1000).training.patience == completed(1000).training.epochs // 3 > 20
    assert completed(1000, "training.patience=5").training.patience == 5
    assert completed(1000, "training.patience=none").training.patience is None


def test_few_pairs_that_correspond_symbol_by_symbol_are_augmented():
    def training(n_pairs, correspondence):
        traits = Traits(n_pairs, target_length=8.0, correspondence=correspondence)
        return recipe.complete(config.parse({}), traits).training

    shares = [training(n_pairs, 0.7).augmentation for n_pairs in (50, 100, 300, 800, FEW - 1, FEW)]
    assert shares == [4.0, 4.0, pytest.approx(800 / 300), 1.0, 1.0, 0.0]
    assert [training(n_pairs, 0.2).augmentation for n_pairs in (50, 100, 300, FEW - 1)] == [0.0] * 4
    # a correspondence that is high for dates and low for words and their phonemes, where there are many pairs
    assert [training(n_pairs, 0.4).augmentation > 0 for n_pairs in (100, 299, 300, 800)] == [True, True, False, False]


def test_augmented_pairs_are_read_half_as_often_as_without_augmentation_and_to_the_end():
    for n_pairs in (20, 100, 300, 800, FEW - 1):
        with_, without = (
            recipe.complete(config.parse({}), Traits(n_pairs, correspondence=correspondence)).training
            for correspondence in (0.9, 0.0)
        )
        assert with_.epochs >= without.epochs // 2
        assert with_.epochs * n_pairs * (1 + with_.augmentation) >= 29_000
        assert (with_.patience, without.patience) == (None, max(10, without.epochs // 3))


def test_the_more_inflected_pairs_the_fewer_synthetic_ones():
    features = config.parse({}, ["text.features_column=3"])
    shares = [
        recipe.complete(features, Traits(n_pairs, copied_share=0.7)).training.augmentation
        for n_pairs in (50, 300, 599, 600, FEW - 1, FEW)
    ]
    assert shares == pytest.approx([4, 800 / 300, 800 / 599, 0.3, 0.3, 0])


def test_few_pairs_without_dev_pairs_are_read_half_as_often():
    folds = config.parse({}, ["training.cross_validation=5"])
    for n_pairs, half in ((300, True), (1000, True), (3600, False), (100_000, False)):
        with_, without = (recipe.complete(one, Traits(n_pairs)).training.epochs for one in (folds, config.parse({})))
        assert with_ == max(without // 2, round(30_000 / n_pairs)) if half else with_ == without


def test_few_sentences_attend_bilinearly_and_many_additively():
    found = [
        recipe.complete(config.parse({}, []), Traits(n_pairs, 0.1, 12.0, sentences=True)).model.attention
        for n_pairs in (3_000, 19_999, 20_000, 100_000)
    ]
    assert found == ["bilinear", "bilinear", "additive", "additive"]
