"""The events of a training: plain data for displays, callbacks and `metrics.jsonl`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from seqwright.config import Config

__all__ = [
    "AlreadyTrained",
    "Begun",
    "Chosen",
    "Event",
    "Example",
    "Excluded",
    "Finished",
    "Listener",
    "Measured",
    "Preliminary",
    "Progressed",
    "Resumed",
    "Returned",
    "Settled",
    "Started",
    "Tried",
    "Validated",
]


class Excluded(msgspec.Struct, frozen=True):
    """A pair that is left out because it is too long.

    Attributes
    ----------
    file, line : str, int
        Where it was read.
    n_tokens : int
        Tokens of both sides, including special symbols.
    most : int
        Tokens of a pair that is kept, at most.
    """

    file: str
    line: int
    n_tokens: int
    most: int = 0


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The first event: the data is read, and the network is initialised.

    Attributes
    ----------
    n_pairs, n_dev : int
        Training pairs, and distinct dev sources.
    dev : str
        The origin of the dev pairs.
    n_source_symbols, n_target_symbols : int
        Sizes of the vocabularies without special symbols.
    n_parameters : int
        Of the first network.
    kernels : str
        The kernels in use.
    config : Config
        The configuration with all defaults filled in.
    excluded : list of Excluded
        Pairs that are left out because they are too long.
    n_seen : int
        Dev sources that are left out because they are training sources, too.
    dev_examples : list of (str, str)
        The first dev sources with their features.
    dev_status : {"unseen", "seen", "unknown"}
        Whether dev sources are training sources, see `provenance.DevRecord`.
    reading : list of str
        A description of the columns of the files, a line each.
    """

    n_pairs: int
    n_dev: int
    dev: str
    n_source_symbols: int
    n_target_symbols: int
    n_parameters: int
    kernels: str
    config: Config
    excluded: list[Excluded] = []
    n_seen: int = 0
    dev_examples: list[tuple[str, str]] = []
    dev_status: Literal["unseen", "seen", "unknown"] = "unseen"
    reading: list[str] = []


class Resumed(msgspec.Struct, frozen=True, tag="resumed"):
    """Follows `Started` if an interrupted training is continued.

    Attributes
    ----------
    epoch : float
        Epochs done, with a fraction.
    elapsed_s : float
        Seconds before the interruption.
    member : int or None
        The number of the network, from 1, if members of an ensemble are trained at the same time.
    """

    epoch: float
    elapsed_s: float
    member: int | None = None


class Progressed(msgspec.Struct, frozen=True, tag="progressed"):
    """A step is done; sent a few times per second.

    Attributes
    ----------
    epoch : float
        Epochs done, with a fraction.
    share : float
        The part of the whole training that is done, 0 to 1; of all members of an ensemble.
    loss : float
        Mean training loss since the last `Progressed`, nats per symbol.
    rate : float
        Learning rate.
    pairs_per_s, tokens_per_s : float
        Speed; tokens are source and target symbols without padding.
    elapsed_s, left_s : float
        Seconds since the training began, and the expected seconds to its end.
    resident_bytes : int or None
        Memory of this process; None if the system does not report it.
    """

    epoch: float
    share: float
    loss: float
    rate: float
    pairs_per_s: float
    tokens_per_s: float
    elapsed_s: float
    left_s: float
    resident_bytes: int | None


class Example(msgspec.Struct, frozen=True):
    """The present answer to a dev source.

    Attributes
    ----------
    source, answer : str
        The source with its features, and the answer.
    reference : str
        The first of the right answers.
    right : bool
        The answer is one of the right answers.
    """

    source: str
    answer: str
    reference: str
    right: bool


class Measured(msgspec.Struct, frozen=True, tag="measured"):
    """The network was evaluated on the dev set.

    Attributes
    ----------
    epoch : float
        Epochs done, with a fraction.
    loss : float
        Training loss since the last measurement, nats per symbol.
    dev_accuracy, dev_ter : float
        Exact match and token error rate in percent.
    best : bool
        Within one standard error of the best so far: this model is kept.
    elapsed_s : float
        Seconds since the training began.
    examples : list of Example
        Answers to a few dev sources, the same ones in every measurement of a training.
    measure : {"exact", "loss", "chrF"}
        The criterion by which the model is selected.
    dev_loss, dev_perplexity, dev_bleu, dev_chrf : float or None
        For sentences: loss in nats per target symbol without label smoothing, perplexity, BLEU and chrF.
    member : int or None
        The number of the network, from 1, if members of an ensemble are trained at the same time.
    seen : bool
        The sources are training sources, after a cross-validation: the scores show progress, not accuracy.
    """

    epoch: float
    loss: float
    dev_accuracy: float
    dev_ter: float
    best: bool
    elapsed_s: float
    examples: list[Example] = []
    measure: Literal["exact", "loss", "chrF"] = "exact"
    dev_loss: float | None = None
    dev_perplexity: float | None = None
    dev_bleu: float | None = None
    dev_chrf: float | None = None
    member: int | None = None
    seen: bool = False


class Returned(msgspec.Struct, frozen=True, tag="returned"):
    """Parameters and optimiser are restored from the last measurement, and the learning rate is halved.

    This happens after several steps in a row whose loss or gradient was not finite.

    Attributes
    ----------
    epoch : float
        Epochs done, with a fraction.
    skipped : int
        Steps without a finite gradient so far, none of which changed the parameters.
    rate : float
        The new learning rate.
    member : int or None
        The number of the network, from 1, if members of an ensemble are trained at the same time.
    """

    epoch: float
    skipped: int
    rate: float
    member: int | None = None


class AlreadyTrained(msgspec.Struct, frozen=True, tag="already trained"):
    """The only event if `output` already has the model of the same training.

    Attributes
    ----------
    output : str
        The model directory.
    """

    output: str


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The training of one member of an ensemble begins.

    Attributes
    ----------
    member, of : int
        Its number, from 1, and the number of members.
    """

    member: int
    of: int


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The last event: the best model is in `output`.

    Attributes
    ----------
    reason : {"epochs", "time budget", "no improvement", "perfect", "interrupted"}
        Why the training ended.
    best_epoch : float
        The epoch of the best model.
    dev_accuracy : float or None
        Its exact match in percent, of an ensemble as a whole; None if it was interrupted before the first measurement.
    elapsed_s : float
        Seconds since the training began.
    output : str or None
        The model directory; None if there is no model.
    report : str or None
        The path of the report.
    dev_loss, dev_bleu, dev_chrf : float or None
        Of the best model for sentences, as in `Measured`.
    dev_interval : tuple of float or None
        After a cross-validation: the 95 % interval of the accuracy of the model; dev_accuracy is that of the folds.
    folds : str or None
        After a cross-validation: the folder of its models, if they are kept.
    """

    reason: Literal["epochs", "time budget", "no improvement", "perfect", "interrupted"]
    best_epoch: float
    dev_accuracy: float | None
    elapsed_s: float
    output: str | None
    report: str | None = None
    dev_loss: float | None = None
    dev_bleu: float | None = None
    dev_chrf: float | None = None
    dev_interval: tuple[float, float] | None = None
    folds: str | None = None


class Validated(msgspec.Struct, frozen=True, tag="validated"):
    """One fold of a cross-validation is trained and measured.

    Attributes
    ----------
    fold, of : int
        The number of the fold, from 1, and of all.
    n : int
        Its sources.
    accuracy : float
        Exact match on them in percent.
    has_auxiliary : bool
        Of the model with auxiliary data, which follows those without.
    """

    fold: int
    of: int
    n: int
    accuracy: float
    has_auxiliary: bool = False


class Preliminary(msgspec.Struct, frozen=True, tag="preliminary"):
    """A training that precedes that of the model progresses.

    Attributes
    ----------
    training : {"candidate", "fold", "first model"}
        That of a candidate, one without a fold of a cross-validation, or the one without auxiliary data.
    number, of : int
        Its number, from 1, and the number of such trainings.
    progressed : Progressed
        Its progress.
    """

    training: Literal["candidate", "fold", "first model"]
    number: int
    of: int
    progressed: Progressed


class Tried(msgspec.Struct, frozen=True, tag="tried"):
    """A candidate is trained and measured.

    Attributes
    ----------
    settings : str
        What is not as in the recipe.
    epochs : int
        The epochs of its training.
    loss : float
        On the dev set, in nats per target symbol.
    """

    settings: str
    epochs: int
    loss: float


class Settled(msgspec.Struct, frozen=True, tag="settled"):
    """The candidates are compared, and the training of the model begins.

    Attributes
    ----------
    settings : str
        What is not as in the recipe.
    """

    settings: str


class Chosen(msgspec.Struct, frozen=True, tag="chosen"):
    """The models with and without auxiliary data are compared.

    Attributes
    ----------
    kept : bool
        The model with auxiliary data is kept.
    accuracy, without : float
        Exact match in percent, of the model with auxiliary data and of the one without.
    cross_validated : bool
        On the folds of a cross-validation, not on the dev set.
    """

    kept: bool
    accuracy: float
    without: float
    cross_validated: bool = False


Event = (
    Preliminary | Tried | Settled | Validated | AlreadyTrained | Started | Resumed | Progressed | Measured | Returned
    | Begun | Chosen | Finished
)  # fmt: skip
Listener = Callable[[Event], None]
