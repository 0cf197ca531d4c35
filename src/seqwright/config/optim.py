"""The optim section of the configuration: the optimiser and its learning rate."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from seqwright.checked import Checked
from seqwright.config.numbers import Positive, Share

__all__ = ["OptimConfig"]


class OptimConfig(Checked, frozen=True, kw_only=True):
    """The optimiser and its learning rate over time; see `training.schedule`.

    Parameters
    ----------
    method : {"adam", "sgd"}, default "adam"
        Optimiser: `optim.Adam` or `optim.SGD`.
    learning_rate : float, default None
        Greatest learning rate, above 0. None: by the number of pairs.
    schedule : {"constant", "cosine", "inverse_sqrt", "plateau"}, default "cosine"
        Learning rate after the warm-up.
    plateau : int, default 3
        Epochs without a better dev score before the schedule "plateau" halves the learning rate.
    warmup : float, default 0.05
        Share of the training in which the learning rate rises from 0, from 0 to below 1.
    warmup_steps : int, default None
        Updates of the warm-up, in place of `warmup`. None: by `warmup`; for sentences a fixed number.
    betas : (float, float), default (0.9, 0.999)
        Decay rates of the moments of Adam, 0 to below 1.
    eps : float, default 1e-8
        Added to the root of the second moment of Adam, above 0.
    weight_decay : float, default 0.0
        Decay of the parameters in each update of Adam, times the learning rate; at least 0.
    clip_norm : float or None, default 5.0
        Greatest norm of the whole gradient, above 0; None for no limit.

    Raises
    ------
    ConfigError
        If a value is out of its range, options contradict each other, or a keyword is no setting.

    References
    ----------
    Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
    """

    section: ClassVar[str] = "optim"
    aliases: ClassVar[dict[str, str]] = {"rate": "learning_rate"}

    method: Literal["adam", "sgd"] = "adam"
    learning_rate: Annotated[float, msgspec.Meta(gt=0)] | None = None
    schedule: Literal["constant", "cosine", "inverse_sqrt", "plateau"] = "cosine"
    plateau: Positive = 3
    warmup: Share = 0.05
    warmup_steps: Positive | None = None
    betas: tuple[Share, Share] = (0.9, 0.999)
    eps: Annotated[float, msgspec.Meta(gt=0)] = 1e-8
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    clip_norm: Annotated[float, msgspec.Meta(gt=0)] | None = 5.0

    @property
    def rate(self) -> float | None:
        """The earlier name of `learning_rate`."""
        return self.learning_rate

    def _conflict(self) -> str:
        if self.schedule == "inverse_sqrt" and not (self.warmup or self.warmup_steps):
            return "optim.schedule=inverse_sqrt falls from the end of the warm-up; set optim.warmup"
        return ""
