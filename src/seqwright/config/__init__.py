"""Everything that can be set, as frozen structures with their defaults; file, flags and tests build the same.

A value that is None is found from the data when training begins (`training.recipe`); what was found is what the model
directory stores, so a stored configuration has no None left but those that mean "no limit".

Every structure checks its values and their combination when it is made: in Python, from TOML, from the file of a model,
or as a changed copy (`msgspec.structs.replace`, `copy.replace`). One that exists is valid, and is not checked again.
"""

from seqwright.config.earlier import canonical, modern, upgraded
from seqwright.config.model import ModelConfig, apart
from seqwright.config.optim import OptimConfig
from seqwright.config.text import TextConfig
from seqwright.config.toml import load, parse, to_toml
from seqwright.config.training import TrainingConfig
from seqwright.config.whole import Config

__all__ = [
    "Config",
    "ModelConfig",
    "OptimConfig",
    "TextConfig",
    "TrainingConfig",
    "apart",
    "canonical",
    "load",
    "modern",
    "parse",
    "to_toml",
    "upgraded",
]
