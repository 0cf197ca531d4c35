"""The estimator."""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np

from seqwright import bundle as bundles
from seqwright import config as configuration
from seqwright import errors, training
from seqwright.config import Config
from seqwright.data import readers
from seqwright.inference.translator import Hypothesis, Translator
from seqwright.sklearn import inputs
from seqwright.sklearn import settings as settings_
from seqwright.training.events import Event, Measured, Started
from seqwright.types import Array

if TYPE_CHECKING:

    class BaseEstimator:
        """The methods that scikit-learn, which has no types, gives to an estimator."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """Return the parameters of the constructor."""

        def set_params(self, **params: Any) -> Self:
            """Set parameters of the constructor."""

        def __sklearn_tags__(self) -> Any: ...
        def __getstate__(self) -> dict[str, Any]: ...
        def __setstate__(self, state: dict[str, Any]) -> None: ...


try:
    if not TYPE_CHECKING:
        from sklearn.base import BaseEstimator
    from sklearn.utils.validation import check_is_fitted
except ImportError:
    raise errors.DependencyError(
        "seqwright.sklearn needs the library scikit-learn: pip install 'seqwright[sklearn]'"
    ) from None

__all__ = ["SequenceTransducer"]

GIVEN = "X, y"  # the name of the pairs in messages and in the manifest


class SequenceTransducer(BaseEstimator):
    """A sequence-to-sequence model that learns to map texts to texts.

    Parameters
    ----------
    epochs : int, optional
        Passes over the training pairs; None is the default of `seqwright train`, as for the next three.
    hidden_size : int, optional
        Units of each LSTM.
    beam : int, default 5
        Hypotheses kept at each step of a search; 1 is greedy search.
    dev_share : float, optional
        Fraction of the pairs that is held out to select the best epoch.
    time_budget_s : float, optional
        Seconds after which training ends.
    random_state : int or RandomState, optional
        A seed, or a generator of one for each fit. None is the seed of the settings: equal fits give equal models.
    settings : sequence of str, default ()
        Any other setting as "section.key=value", such as "model.dropout=0.1". A parameter that is not None has
        precedence.
    verbose : bool, default False
        Print each measurement to standard error.

    Attributes
    ----------
    translator_ : Translator
        The trained model.

    Notes
    -----
    X is a sequence of n sources: texts, pairs of a source and its features (`("walk", "V;PST")`), or an array, Series
    or DataFrame of shape (n,), (n, 1) or (n, 2) of the same. y is a sequence of n texts.

    `get_params` and `set_params` also take every setting of the configuration as `section__key`, such as
    `model__dropout` or `optim__learning_rate`, so that a search can vary it.
    """

    translator_: Translator

    def __init__(
        self,
        *,
        epochs: int | None = None,
        hidden_size: int | None = None,
        beam: int = 5,
        dev_share: float | None = None,
        time_budget_s: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        settings: Sequence[str] = (),
        verbose: bool = False,
    ) -> None:
        self.epochs = epochs
        self.hidden_size = hidden_size
        self.beam = beam
        self.dev_share = dev_share
        self.time_budget_s = time_budget_s
        self.random_state = random_state
        self.settings: Sequence[str] = settings
        self.verbose = verbose

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters.

        Parameters
        ----------
        deep : bool, default True
            Include every setting of the configuration, as `section__key`.

        Returns
        -------
        dict of str to object
            Values by name. A setting that `fit` chooses by the amount of data is None.
        """
        params = dict(super().get_params(deep=False))
        if deep:
            try:
                config = configuration.parse({}, () if isinstance(self.settings, str) else self.settings)
            except (errors.ConfigError, TypeError, AttributeError):
                config = Config()  # `fit` reports invalid settings
            for name in settings_.names():
                section, _, key = name.partition("__")
                params[name] = getattr(getattr(config, section), key)
            params |= {name: params[flat] for name, flat in settings_.FLAT.items() if params[flat] is not None}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters.

        Parameters
        ----------
        **params
            Parameters of the constructor, and settings of the configuration as `section__key`. None restores the
            default of a setting.

        Returns
        -------
        SequenceTransducer
            This estimator.

        Raises
        ------
        ParameterError
            If a name is unknown.
        """
        settings = {name: value for name, value in params.items() if name.partition("__")[0] in settings_.SECTIONS}
        settings_.check(settings)
        super().set_params(**{name: value for name, value in params.items() if name not in settings})
        for name, value in settings.items():
            if name in settings_.FLAT:
                setattr(self, settings_.FLAT[name], value)
            else:
                self._set(name.replace("__", ".", 1), value)
        return self

    def _set(self, setting: str, value: Any) -> None:
        kept = [one for one in self.settings if configuration.canonical(one.partition("=")[0].strip()) != setting]
        self.settings = (*kept, *([] if value is None else [f"{setting}={settings_.as_toml(value)}"]))

    def fit(self, X: Any, y: Any) -> SequenceTransducer:
        """Train on n pairs, of which a part is held out to select the best epoch.

        A pair that is too long for a batch is left out, with a warning.

        Parameters
        ----------
        X : sequence of str or of (str, str), length n
            The sources, with their features if they have some.
        y : sequence of str, length n
            The targets.

        Returns
        -------
        SequenceTransducer
            This estimator.

        Raises
        ------
        ConfigError
            If a parameter or setting is invalid.
        InputError
            If X or y cannot be read as pairs, or there are too few.
        OutputError
            If there is no space for temporary files.
        """
        config = self._config()
        if y is None:
            raise inputs.InputError(
                "SequenceTransducer requires y to be passed, but the target y is None; give the text of each source"
            )
        sources, features = inputs.sources(X)
        targets = inputs.targets(y)
        inputs.check_lengths(sources, targets)
        if not any(targets):
            raise inputs.InputError("all targets in y are empty; at least one must have text")
        rows = readers.Rows(zip(sources, targets, features, strict=True), GIVEN)
        with tempfile.TemporaryDirectory(prefix="seqwright-") as folder:
            try:
                model = training.train(
                    rows,
                    output=Path(folder) / "model",
                    config=config,
                    listen=self._listen,
                    command=["SequenceTransducer.fit"],
                )
            except errors.DataError as error:
                raise inputs.InputError(str(error)) from None
        self.translator_ = Translator(_without_place(model.bundle))
        return self

    def predict(self, X: Any) -> Array:
        """Predict the target of each source, independently of the other sources.

        Parameters
        ----------
        X : sequence of str or of (str, str), length n
            The sources, with their features if they have some.

        Returns
        -------
        ndarray of object, shape (n,)
            The best hypothesis for each source, as str.

        Raises
        ------
        InputError
            If X cannot be read as sources.
        NotFittedError
            If `fit` was not called.
        """
        answers = [hypotheses[0].text for hypotheses in self.predict_n_best(X, n_best=1)]
        return np.array(answers, dtype=object)  # numpy's own strings lose the NULs at the end of a text

    def predict_n_best(self, X: Any, *, n_best: int = 5) -> list[list[Hypothesis]]:
        """Predict several targets of each source, with their scores.

        Parameters
        ----------
        X : sequence of str or of (str, str), length n
            The sources, with their features if they have some.
        n_best : int, default 5
            Hypotheses for each source.

        Returns
        -------
        list of list of Hypothesis
            For each source up to `n_best` hypotheses, best first; see `Translator.predict`.

        Raises
        ------
        InputError
            If X cannot be read as sources.
        NotFittedError
            If `fit` was not called.
        """
        check_is_fitted(self, "translator_")
        sources, features = inputs.sources(X)
        return self.translator_.predict(sources, features=features, beam=self.beam, n_best=n_best)

    def score(self, X: Any, y: Any) -> float:
        """Compute the accuracy: the fraction of sources whose best hypothesis is the target.

        Texts that differ only in their Unicode form are equal, as in `seqwright evaluate`.

        Parameters
        ----------
        X : sequence of str or of (str, str), length n
            The sources, with their features if they have some.
        y : sequence of str, length n
            The targets.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        InputError
            If X or y cannot be read as pairs, or they are empty.
        NotFittedError
            If `fit` was not called.
        """
        check_is_fitted(self, "translator_")
        sources, expected = inputs.sources(X)[0], inputs.targets(y)
        inputs.check_lengths(sources, expected)
        if not expected:
            raise inputs.InputError("X and y are empty; a score needs at least one pair")
        split = self.translator_.bundle.target.split
        answers = self.predict(X)
        return sum(split(a) == split(e) for a, e in zip(answers, expected, strict=True)) / len(expected)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = True
        tags.no_validation = True  # by scikit-learn, which would look for numbers
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Return the parameters and, of a fitted one, the files of its model directory: name to bytes."""
        state = dict(super().__getstate__())
        if "translator_" in state:
            with tempfile.TemporaryDirectory(prefix="seqwright-") as folder:
                bundles.save(Path(folder), state.pop("translator_").bundle)
                state["model_files"] = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state that `__getstate__` returned.   ModelError: its model is damaged, or of a newer version."""
        state = dict(state)
        if files := state.pop("model_files", None):
            with tempfile.TemporaryDirectory(prefix="seqwright-") as folder:
                for name, data in files.items():
                    (Path(folder) / name).write_bytes(data)
                state["translator_"] = Translator(bundles.load(Path(folder)))
        super().__setstate__(state)

    def _config(self) -> Config:
        if isinstance(self.settings, str):
            raise errors.ConfigError(f"settings is one text: give a sequence of them, [{self.settings!r}]")
        keys = msgspec.to_builtins(configuration.parse({}, self.settings))
        given = {
            ("training", "epochs"): self.epochs,
            ("model", "hidden_size"): self.hidden_size,
            ("training", "dev_share"): self.dev_share,
            ("training", "time_budget_s"): self.time_budget_s,
            ("training", "seed"): self._seed(),
            ("training", "report"): False,  # it would be deleted with the temporary directory
            ("text", "reader"): "auto",
        }
        for key in ("source_column", "target_column", "features_column", "header", "delimiter", "comment", "schema"):
            keys["text"].pop(key, None)
        if keys["training"]["cross_validation"] is None:  # scikit-learn measures, and trains many times for it
            keys["training"]["cross_validation"] = 0
        for (section, key), value in given.items():
            if value is not None:
                # A search draws its candidates from arrays, as numpy's numbers.
                keys[section][key] = value.item() if isinstance(value, np.generic) else value
        return configuration.parse(keys, origin="SequenceTransducer")

    def _seed(self) -> Any:
        if isinstance(self.random_state, np.random.RandomState):
            return int(self.random_state.randint(2**31 - 1))
        return self.random_state

    def _listen(self, event: Event) -> None:
        if isinstance(event, Started) and event.excluded:
            first = event.excluded[0]
            others = f", as are {len(event.excluded) - 1} others" if len(event.excluded) > 1 else ""
            warnings.warn(
                f"X[{first.line - 1}] is left out with its {first.n_tokens:,} tokens (at most {first.most:,}){others}; "
                f"cut such texts, or raise training.max_pair_tokens and training.max_batch_tokens",
                stacklevel=2,
            )
        if self.verbose and isinstance(event, Measured):
            print(
                f"epoch {event.epoch:g}: loss {event.loss:.3f}, dev accuracy {event.dev_accuracy:.1f} %, "
                f"dev token errors {event.dev_ter:.1f} %",
                file=sys.stderr,
            )


def _without_place(bundle: bundles.Bundle) -> bundles.Bundle:
    """Return the model with a manifest that does not depend on where it was trained, so that equal fits are equal."""
    manifest = {key: value for key, value in bundle.manifest.items() if key != "again"}
    [digest] = manifest["data"].values()
    return msgspec.structs.replace(bundle, manifest=manifest | {"data": {GIVEN: digest}})
