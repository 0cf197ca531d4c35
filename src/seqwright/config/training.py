"""The training section of the configuration: duration, batches, dev set and files of a training."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from seqwright.checked import Checked
from seqwright.config.numbers import Positive, Share

__all__ = ["TrainingConfig"]


class TrainingConfig(Checked, frozen=True, kw_only=True):
    """How long, in what portions, and what counts as better."""

    section: ClassVar[str] = "training"

    epochs: Positive | None = None
    batch_size: Positive | None = None
    members: Annotated[int, msgspec.Meta(ge=1, le=1000)] = (
        1  # networks trained one after the other and answering together
    )
    word_dropout: Share | None = None  # of the symbols of both sides, that the network reads as the unknown one
    pool: Positive = 64  # batches sorted together by length; 1: as chance has it
    time_budget_s: Annotated[float, msgspec.Meta(gt=0)] | None = None  # of all members together
    patience: Positive | Literal["auto"] | None = "auto"  # epochs without a better dev score before it ends
    dev_share: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1  # of the sources, where no dev file is given
    dev_seed: Annotated[int, msgspec.Meta(ge=0)] = 1  # selects them; separate from seed, so that seeds can be compared
    dev_limit: Positive = 2000  # dev sources answered after each epoch
    max_batch_tokens: Positive = 65_536  # of a batch with its padding; a longer pair is left out
    cache: str = ""  # directory for data that is too large for memory; "" is beside the data
    lexicon: str = ""  # file of pairs that the model keeps: it answers their sources with just these targets
    report: bool = True  # write report.html at the end
    log: Literal["none", "tensorboard"] = "none"  # curves for TensorBoard, in tensorboard/ of the model directory
    checkpoint_every_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0  # and after each epoch
    seed: Annotated[int, msgspec.Meta(ge=0)] = 1
