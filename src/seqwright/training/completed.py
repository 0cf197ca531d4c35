"""The configuration that some data leads to, without a training."""

from __future__ import annotations

from pathlib import Path

import msgspec

from seqwright import bundle
from seqwright.config import Config
from seqwright.data import readers
from seqwright.training import arguments, cross_validation, fine_tune, folds
from seqwright.training.prepare import prepare

__all__ = ["completed"]


def completed(
    pairs: readers.Pairs,
    *,
    dev: readers.Pairs | None = None,
    config: Config = Config(),  # noqa: B008 - frozen
    base: str | Path | None = None,
) -> Config:
    """Return the configuration with the settings that `train` finds from the data.

    A training with it writes the same weights. What candidates are to find stays open, and so does how the files are
    read, which is found again.

    Parameters
    ----------
    pairs, dev, config : as for `train`
        The data and the configuration.
    base : path, optional
        A model directory to fine-tune.

    Returns
    -------
    Config
        The configuration with all settings.

    Raises
    ------
    ConfigError, DataError, UsageError
        As by `train`.
    """
    directory = None if base is None else Path(base)
    model = None if directory is None else bundle.load(directory)
    if model is not None:
        config = fine_tune.settings(config, model)
    pairs, config = folds.settled(pairs, dev, config, base)
    if config.training.cross_validation:
        cross_validation.check(dev, base)
        pairs = dev = arguments.reread(pairs)
        config = cross_validation.whole(config)
    found = prepare(pairs, dev, config, base=model, base_directory=directory).config
    text = msgspec.structs.replace(found.text, features_column=config.text.features_column, schema=config.text.schema)
    found = msgspec.structs.replace(found, text=text)
    return msgspec.structs.replace(found, model=config.model) if config.training.candidates else found
