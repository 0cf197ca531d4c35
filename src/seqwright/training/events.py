"""What a training tells whoever listens: plain data, which a display shows and `metrics.jsonl` keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from seqwright.config import Config

__all__ = [
    "AlreadyTrained",
    "Begun",
    "Event",
    "Example",
    "Excluded",
    "Finished",
    "Listener",
    "Measured",
    "Progressed",
    "Resumed",
    "Returned",
    "Started",
]


class Excluded(msgspec.Struct, frozen=True):
    """A pair too long to train on or to measure on."""

    file: str
    line: int
    n_tokens: int


class Started(msgspec.Struct, frozen=True, tag="started"):
    """All is read and the network is made."""

    n_pairs: int
    n_dev: int  # dev sources
    dev: str  # where they come from
    n_source_symbols: int
    n_target_symbols: int
    n_parameters: int  # of the first network
    kernels: str
    config: Config
    excluded: list[Excluded] = []
    n_seen: int = 0  # dev sources that are left out because they are training sources, too
    dev_examples: list[tuple[str, str]] = []  # the first dev sources with their features
    dev_status: Literal["unseen", "seen", "unknown"] = "unseen"  # see `provenance.DevRecord`
    reading: list[str] = []  # which columns of the files are what, and what is skipped


class Resumed(msgspec.Struct, frozen=True, tag="resumed"):
    """Comes behind `Started` where an interrupted training goes on."""

    epoch: float
    elapsed_s: float  # spent before


class Progressed(msgspec.Struct, frozen=True, tag="progressed"):
    """A step is done; comes a few times a second."""

    epoch: float  # epochs done, with the fraction of the one at work
    share: float  # of the training of all networks that is done, 0 to 1
    loss: float  # mean over the last second or so, nats a symbol
    rate: float
    pairs_per_s: float
    tokens_per_s: float  # source and target symbols, without padding
    elapsed_s: float  # since the first network began, here and below
    left_s: float  # expected, until the last one is trained
    resident_bytes: int | None  # memory that this process holds; None where the system does not say


class Example(msgspec.Struct, frozen=True):
    """How one dev source is answered now."""

    source: str
    answer: str
    reference: str  # the first of the right answers
    right: bool  # the answer is one of them


class Measured(msgspec.Struct, frozen=True, tag="measured"):
    """The dev set was answered."""

    epoch: float
    loss: float  # training loss since the last measurement, nats a symbol
    dev_accuracy: float  # % of dev sources answered exactly
    dev_ter: float  # token error rate, %
    best: bool  # as good as any before, but for chance: this model is kept
    elapsed_s: float
    examples: list[Example] = []  # a few, the same ones in every measurement of a training
    measure: Literal["exact", "loss", "chrF"] = "exact"  # what the kept model is selected by
    dev_loss: float | None = None  # of sentences, as all that follows: nats a target symbol, without label smoothing
    dev_perplexity: float | None = None
    dev_bleu: float | None = None
    dev_chrf: float | None = None


class Returned(msgspec.Struct, frozen=True, tag="returned"):
    """Loss or gradient were not finite several times in a row: weights and optimiser are again those of the last
    measurement, and the rate is halved."""

    epoch: float
    skipped: int  # steps without a finite gradient so far; none of them changed the weights
    rate: float


class AlreadyTrained(msgspec.Struct, frozen=True, tag="already trained"):
    """The only event of a training that finds its own finished model in `output`."""

    output: str


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The training of one member of an ensemble begins."""

    member: int  # from 1
    of: int


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The training is over, and the model that was kept is in `output`."""

    reason: Literal["epochs", "time budget", "no improvement", "perfect", "interrupted"]
    best_epoch: float
    dev_accuracy: (
        float | None
    )  # of the kept model, all members together; None where nothing was measured before an interruption
    elapsed_s: float
    output: str | None  # None where an interruption came before there was anything to keep
    report: str | None = None  # the page that shows what the model learned
    dev_loss: float | None = None  # of the kept model, for sentences, as `Measured` has them
    dev_bleu: float | None = None
    dev_chrf: float | None = None


Event = AlreadyTrained | Started | Resumed | Progressed | Measured | Returned | Begun | Finished
Listener = Callable[[Event], None]
