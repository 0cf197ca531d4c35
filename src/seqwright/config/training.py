"""The training section of the configuration: duration, batches, dev set and files of a training."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from seqwright.checked import Checked
from seqwright.config.numbers import Positive, Share

__all__ = ["TrainingConfig"]


class TrainingConfig(Checked, frozen=True, kw_only=True):
    """Duration, batches, dev set and files of a training.

    Parameters
    ----------
    epochs : int, default None
        Greatest number of passes over the training pairs. None: by their number.
    batch_size : int, default None
        Pairs of an update. None: by the number of pairs.
    members : int, default 1
        Networks of the ensemble, 1 to 1,000, which are trained one after the other.
    word_dropout : float, default None
        Share of the symbols of both sides that the network reads as the unknown symbol, 0 to below 1. None: 0, or 0.1
        for few sentences.
    augmentation : float, default None
        Synthetic pairs of an epoch for each training pair, 0 for none. None: by the number of pairs and by how well
        sources and targets can be aligned.
    pool : int, default 64
        Batches that are sorted by length together; 1 for batches of random lengths.
    time_budget_s : float or None, default None
        Greatest duration of the training of all members together, in seconds; None for no limit.
    patience : int, "auto" or None, default "auto"
        Epochs without a better dev score after which the training ends; "auto" is by the number of epochs, and None
        never.
    dev_share : float, default 0.1
        Share of the sources that are held out as dev set if no dev file is given, above 0 and below 1.
    dev_seed : int, default 1
        Seed that selects them; separate from `seed`, so that trainings with several seeds can be compared.
    dev_fold : int, default 0
        Which of the shares is held out, from 0; the folds of a share of 1 / K hold out different sources.
    cross_validation : int, default None
        Networks (or ensembles) that are each trained on the pairs outside one of so many folds, before the model is
        trained on all pairs: they measure its accuracy and fit its confidence. 0: none, and a dev set is held out.
        None: 5 for 50 to 1,000 pairs of strings in files or in memory, 0 for others, and with a dev file, a model to
        fine-tune or `time_budget_s`.
    keep_folds : bool, default False
        Whether the models of a cross-validation are kept, in folds/ of the model directory; with auxiliary data those
        that had it are in folds-with-auxiliary-data/.
    candidates : int, default 0
        Settings of the network (attention, size, dropout, as far as they are None) that are tried on fewer epochs
        before the training, 2 to 8; the model is trained with the best of them. 0: none.
    dev_limit : int, default 2000
        Greatest number of dev sources.
    max_batch_tokens : int, default 65_536
        Tokens of a batch including padding; a longer pair is left out.
    max_pair_tokens : int or None, default None
        Tokens of source and target above which a pair is left out as an outlier. None: five times the 99th percentile
        of all pairs, at least 200.
    cache : str, default ""
        Directory for preprocessed data that is too large for memory; "" is the directory of the data.
    lexicon : str, default ""
        File of pairs that are stored with the model, which answers their sources with exactly these targets.
    unlabelled : str, default ""
        File of sources without targets, one a line, whose answers by a first ensemble are auxiliary training pairs.
    unlabelled_share : float, default 1.0
        Such pairs in an epoch for each training pair, at most as many as there are.
    also : str, default ""
        File of related pairs (another language, period or dialect), which are auxiliary training pairs.
    also_share : float, default 1.0
        Such pairs in an epoch for each training pair.
    report : bool, default True
        Whether report.html is written at the end.
    log : {"none", "tensorboard"}, default "none"
        Whether curves for TensorBoard are written to tensorboard/ in the model directory.
    checkpoint_every_s : float, default 60.0
        Seconds between checkpoints, at most. One is also written after an epoch, unless writing them after each would
        take more than 0.5 % of the time.
    device : {"cpu", "cuda", "mps", "auto"} or None, default None
        Device of PyTorch that trains, "auto" for a GPU if there is one; None trains with our own kernels.
    precision : {"float32", "bfloat16"}, default "float32"
        Precision of the products on `device`.
    seed : int, default 1
        Seed of initial values, batches and dropout, at least 0.

    Raises
    ------
    ConfigError
        If a value is out of its range, a keyword is no setting, or `precision` has no effect on `device`.
    """

    section: ClassVar[str] = "training"

    epochs: Positive | None = None
    batch_size: Positive | None = None
    members: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    word_dropout: Share | None = None
    augmentation: Annotated[float, msgspec.Meta(ge=0)] | None = None
    pool: Positive = 64
    time_budget_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    patience: Positive | Literal["auto"] | None = "auto"
    dev_share: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1
    dev_seed: Annotated[int, msgspec.Meta(ge=0)] = 1
    dev_fold: Annotated[int, msgspec.Meta(ge=0)] = 0
    cross_validation: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    keep_folds: bool = False
    candidates: Annotated[int, msgspec.Meta(ge=0, le=8)] = 0
    dev_limit: Positive = 2000
    max_batch_tokens: Positive = 65_536
    max_pair_tokens: Positive | None = None
    cache: str = ""
    lexicon: str = ""
    unlabelled: str = ""
    unlabelled_share: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    also: str = ""
    also_share: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    report: bool = True
    log: Literal["none", "tensorboard"] = "none"
    checkpoint_every_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    device: Literal["cpu", "cuda", "mps", "auto"] | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: Annotated[int, msgspec.Meta(ge=0)] = 1

    def _conflict(self) -> str:
        if self.cross_validation == 1:
            return "training.cross_validation = 1: expected 2 or more folds, or 0 for none"
        if (self.dev_fold + 1) * self.dev_share > 1 + 1e-9:
            return f"training.dev_fold = {self.dev_fold}: there are {1 / self.dev_share:.0f} folds, counted from 0"
        return self._candidates_conflict() or self._auxiliary_conflict() or self._precision_conflict()

    def _candidates_conflict(self) -> str:
        if self.candidates == 1:
            return "training.candidates = 1: expected 2 to 8 candidates, or 0 for none"
        if self.candidates and self.time_budget_s is not None:
            return "training.candidates trains more than once, which training.time_budget_s does not cover; set epochs"
        return ""

    def _auxiliary_conflict(self) -> str:
        for name in ("unlabelled", "also"):
            if getattr(self, name) and self.time_budget_s is not None:
                return f"training.{name} trains more than once, which training.time_budget_s does not cover; set epochs"
        return ""

    def _precision_conflict(self) -> str:
        if self.precision == "float32":
            return ""
        if self.device is None:
            return f"training.precision = {self.precision} needs PyTorch; set training.device (--device), too"
        if self.device == "mps":
            return f"training.precision = {self.precision} is not supported on an Apple GPU; set it to float32"
        return ""
