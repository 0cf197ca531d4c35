"""The optim section of the configuration: the optimiser and its learning rate."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from seqwright.checked import Checked
from seqwright.config.numbers import Positive, Share

__all__ = ["OptimConfig"]


class OptimConfig(Checked, frozen=True, kw_only=True):
    """The optimiser and its learning rate over time; see `training.schedule`."""

    section: ClassVar[str] = "optim"
    aliases: ClassVar[dict[str, str]] = {"rate": "learning_rate"}

    method: Literal["adam", "sgd"] = "adam"
    learning_rate: Annotated[float, msgspec.Meta(gt=0)] | None = None
    schedule: Literal["constant", "cosine", "inverse_sqrt", "plateau"] = "cosine"
    plateau: Positive = 3  # epochs without a better dev score before the schedule of this name halves the learning rate
    warmup: Share = 0.05  # of the whole run, while the learning rate rises from 0; warmup_steps takes its place
    warmup_steps: Positive | None = None  # updates; `training.recipe` chooses them for sentences
    betas: tuple[Share, Share] = (0.9, 0.999)  # Kingma & Ba 2015, algorithm 1
    eps: Annotated[float, msgspec.Meta(gt=0)] = 1e-8
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    clip_norm: Annotated[float, msgspec.Meta(gt=0)] | None = 5.0  # of the whole flat gradient

    @property
    def rate(self) -> float | None:
        """The earlier name of `learning_rate`."""
        return self.learning_rate

    def _conflict(self) -> str:
        if self.schedule == "inverse_sqrt" and not (self.warmup or self.warmup_steps):
            return "optim.schedule=inverse_sqrt falls from the end of the warm-up; set optim.warmup"
        return ""
