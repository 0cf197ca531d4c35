"""The whole configuration: its sections, and the networks of an ensemble."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from seqwright.checked import Checked
from seqwright.config.model import ModelConfig, apart
from seqwright.config.optim import OptimConfig
from seqwright.config.text import TextConfig
from seqwright.config.training import TrainingConfig

__all__ = ["Config"]


class Config(Checked, frozen=True, kw_only=True):
    """All settings of a training.

    Parameters
    ----------
    text : TextConfig, default TextConfig()
        How files become pairs, and texts become tokens.
    model : ModelConfig, default ModelConfig()
        The network; of an ensemble, its first one.
    optim : OptimConfig, default OptimConfig()
        The optimiser and its learning rate.
    training : TrainingConfig, default TrainingConfig()
        Duration, batches, dev set and files.
    others : tuple of ModelConfig, default ()
        The networks of an ensemble after the first one, if they differ from `model`; in TOML a table [[others]] each.

    Raises
    ------
    ConfigError
        If the sections contradict each other, or a keyword is no section.
    """

    text: TextConfig = TextConfig()
    model: ModelConfig = ModelConfig()
    optim: OptimConfig = OptimConfig()
    training: TrainingConfig = TrainingConfig()
    others: tuple[ModelConfig, ...] = ()

    @property
    def networks(self) -> tuple[ModelConfig, ...]:
        """Each network of the ensemble, or the one."""
        return (self.model, *self.others) if self.others else (self.model,) * self.training.members

    def of(self, networks: Sequence[ModelConfig]) -> Config:
        """Return the configuration of an ensemble of these networks.

        Parameters
        ----------
        networks : sequence of ModelConfig
            Each network, the first one included.

        Returns
        -------
        Config
            This configuration with these networks.
        """
        first, *others = networks
        unlike = tuple(others) if any(other != first for other in others) else ()
        training = msgspec.structs.replace(self.training, members=len(networks))
        return msgspec.structs.replace(self, model=first, others=unlike, training=training)

    def _conflict(self) -> str:
        networks, n = self.networks, self.training.members
        if self.others and n != len(networks):
            return (
                f"training.members = {n}, but with [[others]] there are {len(networks)}; set training.members to that"
            )
        return next(filter(None, (apart(self.model, other) for other in self.others)), "")
