"""What a training does where it is told nothing: numbers from the amount of data."""

import msgspec

from seqwright.config import Config

__all__ = ["complete"]

LARGE = 50_000  # pairs; CMUdict has 113,438, dates and addition 45,000
COPYING = 0.6  # of the target symbols stand in the source: 0.7 for Turkish forms of lemmas, 0.54 for French in IPA


def complete(config: Config, n_pairs: int, copied_share: float) -> Config:
    """Return the configuration with model, rate, batch size and epochs filled in for n_pairs training pairs.

    copied_share: how many of the target's symbols stand in their own source (`training.copied.share`).
    Small data needs many small steps, large data few epochs: 1,000 pairs get 80 epochs of 16, 3,600 get 30 of 32,
    100,000 get 10 of 128, a million 5, a hundred million 1. Large data also fills a larger network, which less noise
    and smaller steps suit.
    """
    model, training = config.model, config.training
    large = n_pairs >= LARGE
    if model.hidden_size is None:
        model = msgspec.structs.replace(model, hidden_size=128 if n_pairs < 1000 else 512 if large else 256)
    if model.dropout is None:
        model = msgspec.structs.replace(model, dropout=0.2 if large else 0.3)
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
    optim = config.optim
    if optim.rate is None:
        optim = msgspec.structs.replace(optim, rate=3e-3 if large else 4e-3)
    return msgspec.structs.replace(config, model=model, optim=optim, training=training)
