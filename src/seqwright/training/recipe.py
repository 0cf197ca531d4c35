"""Defaults of model, optimiser and training that depend on the number of pairs and on properties of the targets."""

from typing import Any, TypeVar

import msgspec

from seqwright.config import Config, ModelConfig, TrainingConfig
from seqwright.training.traits import FEW, Traits

__all__ = ["COPYING", "PROGRESS", "complete", "dev_limit"]

LARGE = 50_000  # pairs; CMUdict has 113,438, dates and addition 45,000
MOST_PAIRS = 3_000_000  # read in all epochs, an hour of two cores
COPYING = 0.6  # of the target symbols occur in the source: 0.7 for Turkish inflection, 0.54 for French in IPA
# Correspondence from which on pairs are augmented, by their number: words and their phonemes in eight languages have at
# least 0.37 with 90 pairs and 0.60 with 300, dates at most 0.30 and, with up to 1,600 pairs, 0.38, additions 0.27.
CORRESPONDING = {0: 0.34, 300: 0.45}
AUGMENTATION = 1.0, 4.0  # synthetic pairs for each pair of data: least and most
SYNTHETIC = 800  # synthetic pairs in an epoch, within these bounds
MANY_INFLECTED = 600  # pairs of inflected words from which on the share is INFLECTED: 1.0 is too much for 1,000 of them
INFLECTED = 0.3
# Pairs from which on the sum of features has dropout: 100 and 1,000 pairs of Turkish have fewer errors without, mostly
# in combinations of features that training lacks; 4,000 pairs have more.
FEATURE_DROPOUT_FROM = 2000
FEWEST_READ = 30_000  # pairs, with synthetic ones, in all epochs of a training that no dev score ends
PROGRESS = 100  # training sources that are decoded after an epoch, where there are no dev sources
LONG = 20  # symbols of a target: 28 in an English sentence of letters, 13 in a Turkish word, 10 in a date

# For sentences
SIZES = {256: 0, 384: 20_000, 512: 100_000}  # hidden units, and the fewest pairs for them
SPEED = {256: 5_000, 384: 2_800, 512: 1_600}  # target symbols per second on two Zen 3 cores
ENOUGH = 5  # epochs within the time budget that justify a larger network
MOST_TOKENS = 16_000_000  # target symbols in all epochs: two to three hours for the largest network
SMALL = 20_000  # pairs
MANY = 1_200_000  # pairs read in all epochs, enough for larger and so fewer batches
WARMUP_STEPS = 300
DEV_RATE = 3.0  # dev sources per second of the time budget: a measurement takes a few percent of it
DEV_FEWEST = 200

Section = TypeVar("Section", bound=msgspec.Struct)


def complete(config: Config, traits: Traits) -> Config:
    """Return the configuration with a value for each setting that it leaves open.

    Small data needs many updates, large data few epochs: 1,000 pairs have 80 epochs in batches of 8, 3,600 have 30 of
    32, 100,000 have 30 of 128, a million 3, ten million 1. For large data the network is larger and deeper, and the
    learning rate lower.
    """
    if traits.sentences:
        return _for_sentences(config, traits)
    has_features = bool(config.text.features_column)

    def filled(model: ModelConfig) -> ModelConfig:
        return _model(_filled(model, tied=False), traits, has_features=has_features)

    return msgspec.structs.replace(
        config,
        model=filled(config.model),
        others=tuple(map(filled, config.others)),
        optim=_filled(config.optim, learning_rate=2e-3 if traits.n_pairs >= LARGE else 4e-3),
        training=_training(config.training, traits, has_features=has_features),
    )


def _model(model: ModelConfig, traits: Traits, *, has_features: bool) -> ModelConfig:
    large = traits.n_pairs >= LARGE
    if model.tied:  # both have one size
        model = _filled(model, hidden_size=model.embedding_size, embedding_size=model.hidden_size)
    model = _filled(
        model,
        hidden_size=128 if traits.n_pairs < 1000 else 384 if large else 256,
        encoder_layers=max(model.layers, 2 if large else 1),
        dropout=0.3,
    )
    takes_features = not model.tied  # the decoder's output layer has no further input with tied embeddings
    model = _filled(model, copying=model.attention != "none" and traits.copied_share >= COPYING)
    # For long targets, or much data: additive attention, with a bias towards the position of the decoder.
    is_long = model.copying or large or traits.target_length >= LONG
    model = _filled(model, attention="additive" if is_long else "bilinear")
    model = _filled(
        model,
        distance_bias=is_long and model.attention != "none",
        embedding_size=model.hidden_size if model.tied else 256 if large else 64,
        sum_features=takes_features and has_features,
    )
    is_dropped = model.sum_features and traits.n_pairs >= FEATURE_DROPOUT_FROM
    return _filled(model, feature_dropout=model.dropout if is_dropped else 0.0)


def _training(training: TrainingConfig, traits: Traits, *, has_features: bool) -> TrainingConfig:
    n_pairs = traits.n_pairs
    inflects = has_features and traits.copied_share >= COPYING
    corresponds = inflects or traits.correspondence >= CORRESPONDING[max(n for n in CORRESPONDING if n <= n_pairs)]
    least, most = AUGMENTATION
    share = min(most, max(least, SYNTHETIC / max(1, n_pairs)))
    if inflects and n_pairs >= MANY_INFLECTED:
        share = INFLECTED
    training = _filled(training, augmentation=share if n_pairs < FEW and corresponds else 0.0)
    assert training.augmentation is not None, "set above"
    has_no_measure = training.augmentation > 0 or (bool(training.cross_validation) and n_pairs < FEW)
    training = _filled(
        training,
        batch_size=8 if n_pairs < 2000 else 32 if n_pairs < 20_000 else 128,
        epochs=_few_epochs(n_pairs, training) if has_no_measure else _epochs(n_pairs),
        word_dropout=0.0,
    )
    return _patient(training)


def _patient(training: TrainingConfig) -> TrainingConfig:
    if training.patience != "auto":
        return training
    assert training.epochs is not None, "set above"
    # As the learning rate falls to the end, the best epoch is late: with 1,000 pairs, epoch 76 of 80. Where pairs are
    # so few that there are synthetic ones, dev pairs are too few to tell when to stop.
    return msgspec.structs.replace(training, patience=None if training.augmentation else max(10, training.epochs // 3))


def _epochs(n_pairs: int) -> int:
    few: float = max(1, (3600 / n_pairs) ** 0.77)
    return max(1, round(min(100, 30 * few, MOST_PAIRS / n_pairs)))


def _few_epochs(n_pairs: int, training: TrainingConfig) -> int:
    """Return the epochs of a training that no dev score ends: half as many, and at least FEWEST_READ pairs are read.

    With twice as many, 300 and 800 pairs of pronunciation have 2 % fewer errors, 100 pairs and inflection none
    (docs/log.md); but a cross-validation takes as long as five trainings.
    """
    return max(_epochs(n_pairs) // 2, round(FEWEST_READ / (n_pairs * (1 + (training.augmentation or 0.0)))))


def dev_limit(training: TrainingConfig, *, sentences: bool) -> int:
    """Return the greatest number of dev sources; for sentences, which take long, it depends on the time budget.

    After a cross-validation, training sources take the place of dev sources, to show progress: few are enough.
    """
    if training.cross_validation:
        return min(training.dev_limit, PROGRESS)
    if not sentences or training.time_budget_s is None:
        return training.dev_limit
    return min(training.dev_limit, max(DEV_FEWEST, round(DEV_RATE * training.time_budget_s)))


def _for_sentences(config: Config, traits: Traits) -> Config:
    """Return the configuration completed for sentences and their translations.

    The network grows with the data and with the time budget: a network that is too large for the budget is trained on
    too little of the data. Batches are small, because until attention is learned the loss depends on the number of
    updates rather than of pairs: after 60,000 pairs of French and English, batches of 16 have BLEU 18, of 32 10, of 64
    2; with tied embeddings, batches of 16 have 26 (docs/log.md).
    """
    n_pairs, budget_s, has_features = traits.n_pairs, config.training.time_budget_s, bool(config.text.features_column)
    n_tokens = n_pairs * (traits.target_length + 1)
    # Few sentences need strong dropout against overfitting, and so more epochs.
    epochs = _epochs(n_pairs) * (1.5 if n_pairs < SMALL else 1.0)
    most_epochs = max(1, round(min(epochs, MOST_TOKENS / n_tokens)))
    hidden, expected = max(size for size, least in SIZES.items() if n_pairs >= least), float(most_epochs)
    if budget_s is not None:
        most_epochs *= 2  # the time budget ends the training earlier
        in_time = {size: speed * budget_s / config.training.members / n_tokens for size, speed in SPEED.items()}
        hidden = max((size for size in SIZES if size <= hidden and in_time[size] >= ENOUGH), default=min(SIZES))
        expected = min(most_epochs, in_time[hidden])
    dropout = 0.4 if n_pairs < SMALL else 0.1 if expected < ENOUGH else 0.2 if expected < 2 * ENOUGH else 0.3

    is_long = traits.target_length >= LONG and not str(config.text.target_tokens).startswith("subwords")

    def filled(model: ModelConfig) -> ModelConfig:
        sizes = {model.hidden_size, model.embedding_size} - {None}
        # Tied embeddings have no conditioning vector, and the size of the hidden state.
        model = _filled(model, tied=len(sizes) < 2 and not (model.peeky or model.sum_features or has_features))
        if model.tied:
            model = _filled(model, hidden_size=model.embedding_size, embedding_size=model.hidden_size)
        model = _filled(
            model, hidden_size=hidden, encoder_layers=model.layers, copying=False, dropout=dropout,
            attention="additive" if is_long or n_pairs >= SMALL else "bilinear",
            sum_features=has_features and not model.tied,
        )  # fmt: skip
        model = _filled(
            model,
            distance_bias=is_long and model.attention != "none",
            feature_dropout=model.dropout if model.sum_features else 0.0,
        )
        return _filled(model, embedding_size=model.hidden_size if model.tied else min(SIZES))

    many = expected * n_pairs >= MANY
    training = _filled(
        config.training, batch_size=32 if many else 16, epochs=most_epochs, augmentation=0.0,
        word_dropout=0.1 if n_pairs < SMALL else 0.0,
    )  # fmt: skip
    return msgspec.structs.replace(
        config,
        model=filled(config.model),
        others=tuple(map(filled, config.others)),
        optim=_filled(config.optim, learning_rate=1.5e-3, warmup_steps=WARMUP_STEPS),
        training=_patient(training),
    )


def _filled(section: Section, **values: Any) -> Section:
    """Return the section with the given values in place of None."""
    return msgspec.structs.replace(
        section, **{name: value for name, value in values.items() if getattr(section, name) is None}
    )
