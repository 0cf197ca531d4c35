"""What a training does where it is told nothing: numbers from the amount of data."""

import msgspec

from seqwright.config import Config

__all__ = ["complete"]

COPYING = 0.6  # of the target symbols stand in the source: 0.7 for Turkish forms of lemmas, 0.54 for French in IPA


def complete(config: Config, n_pairs: int, copied_share: float) -> Config:
    """Return the configuration with model, batch size and epochs filled in for n_pairs training pairs.

    copied_share: how many of the target's symbols stand in their own source (`training.copied.share`).
    Small data needs many small steps, large data few epochs: 1,000 pairs get 80 epochs of 16, 3,600 get 30 of 32,
    100,000 get 10 of 128, a million 5, a hundred million 1.
    """
    model, training = config.model, config.training
    if model.hidden_size is None:
        model = msgspec.structs.replace(model, hidden_size=128 if n_pairs < 1000 else 256)
    if model.sum_features is None:
        summed = bool(config.text.features_column) and not model.tied  # tied weights take no inputs beside the state
        model = msgspec.structs.replace(model, sum_features=summed)
    if model.copying is None:
        model = msgspec.structs.replace(model, copying=model.attention != "none" and copied_share >= COPYING)
    if training.batch_size is None:
        training = msgspec.structs.replace(
            training, batch_size=16 if n_pairs < 2000 else 32 if n_pairs < 20_000 else 128
        )
    if training.epochs is None:
        power = 0.77 if n_pairs < 3600 else 0.33
        training = msgspec.structs.replace(training, epochs=round(min(100, max(1, 30 * (3600 / n_pairs) ** power))))
    return msgspec.structs.replace(config, model=model, training=training)
