"""A transducer with the face of a scikit-learn estimator: it can be cloned, searched over, cross-validated and pickled.

Not a second trainer: `fit` trains as `seqwright.train` does, and a pickle holds the files of a model
directory. Every pair is held in memory; files too large for that are for `seqwright.train`.

    from sklearn.model_selection import GridSearchCV
    search = GridSearchCV(SequenceTransducer(epochs=20), {"hidden_size": [64, 128]}).fit(words, pronunciations)
    search.predict(["tomato"])
"""

from __future__ import annotations

import reprlib
import sys
import tempfile
import warnings
from collections.abc import Iterable, Sequence
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

__all__ = ["InputError", "SequenceTransducer"]

GIVEN = "X, y"  # what messages and the manifest call the pairs


class InputError(errors.DataError, ValueError):
    """X or y that cannot be read as pairs; a ValueError too, which is what scikit-learn's callers expect."""


class SequenceTransducer(BaseEstimator):
    """Learns to turn text into text from pairs of both.

    X is always a sequence of n sources: texts, pairs of a source and its features (`("walk", "V;PST")`), or an array,
    Series or frame (n,), (n, 1), (n, 2) of the same. y is a sequence of n texts.

    epochs, hidden_size, dev_share, time_budget_s: of the training; None is what `seqwright train` does by itself.
    beam: hypotheses kept while answering; 1 is greedy.
    random_state: a seed, or a RandomState that a seed is drawn from at each fit; None is the seed of the settings, so
    that equal fits give equal models.
    settings: any other setting as a "section.key=value" text, such as "model.dropout=0.1"; a parameter that is not None
    wins over one.   verbose: tell each measurement of the training on standard error.

    translator_: the trained `seqwright.Translator`, once fitted.
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
        self.settings = settings
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> SequenceTransducer:
        """Train on n pairs, of which a part is held out to tell the best moment, and return self.

        A pair too long for a batch is left out, with a warning.
        ConfigError: a parameter or setting that means nothing.   InputError: X or y is not as the class says, or there
        is too little to learn from.   OutputError: no space for temporary files.
        """
        config = self._config()
        if y is None:
            raise InputError(
                "SequenceTransducer requires y to be passed, but the target y is None; give the text of each source"
            )
        sources, features = _sources(X)
        targets = _targets(y)
        _check_lengths(sources, targets)
        if not any(targets):
            raise InputError("y has no text that is not empty; a model needs something to learn to say")
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
                raise InputError(str(error)) from None
        self.translator_ = Translator(_without_place(model.bundle))
        return self

    def predict(self, X: Any) -> Array:
        """Return the best answer to each source: (n,) of str objects. An answer does not depend on the other sources.

        InputError: X is not as the class says.   NotFittedError.
        """
        answers = [hypotheses[0].text for hypotheses in self.predict_n_best(X, n_best=1)]
        return np.array(answers, dtype=object)  # numpy's own strings lose the NULs at the end of a text

    def predict_n_best(self, X: Any, *, n_best: int = 5) -> list[list[Hypothesis]]:
        """Return for each source up to n_best answers with their scores, best first; see `Translator.predict`.

        InputError: X is not as the class says.   NotFittedError.
        """
        check_is_fitted(self, "translator_")
        sources, features = _sources(X)
        return self.translator_.predict(sources, features=features, beam=self.beam, n_best=n_best)

    def score(self, X: Any, y: Any) -> float:
        """Return the share of sources whose best answer is the text in y, from 0 to 1.

        Texts that differ in nothing but their Unicode form are the same, as in `seqwright evaluate`.
        InputError: X or y is not as the class says, or empty.   NotFittedError.
        """
        check_is_fitted(self, "translator_")
        sources, expected = _sources(X)[0], _targets(y)
        _check_lengths(sources, expected)
        if not expected:
            raise InputError("X and y are empty; a score needs at least one pair")
        split = self.translator_.bundle.target_format.split
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
                f"X[{first.line - 1}] is left out with its {first.n_tokens:,} tokens, too many for a batch{others}; "
                f"cut such texts, or raise the setting training.max_batch_tokens",
                stacklevel=2,
            )
        if self.verbose and isinstance(event, Measured):
            print(
                f"epoch {event.epoch:g}: loss {event.loss:.3f}, dev accuracy {event.dev_accuracy:.1f} %, "
                f"dev token errors {event.dev_ter:.1f} %",
                file=sys.stderr,
            )


def _sources(X: Any) -> tuple[list[str], list[str]]:
    """Return the sources and the features of each, empty where there are none.   InputError."""
    sources, features = [], []
    for i, row in enumerate(_rows(X, "X")):
        parts = (row,) if isinstance(row, str) else tuple(row) if isinstance(row, Sequence | np.ndarray) else ()
        if len(parts) not in (1, 2) or not all(isinstance(part, str) for part in parts):
            raise InputError(
                f"X[{i}] is {reprlib.repr(row)}: expected a text, or a pair of source and features, which are texts"
            )
        sources.append(str(parts[0]))
        features.append(str(parts[1]) if len(parts) == 2 else "")
    return sources, features


def _targets(y: Any) -> list[str]:
    """Return the texts of y.   InputError: something else is in it."""
    targets = []
    for i, row in enumerate(_rows(y, "y")):
        if not isinstance(row, str):
            raise InputError(f"y[{i}] is {reprlib.repr(row)}: expected a text; turn it into one with str()")
        targets.append(str(row))
    return targets


def _rows(given: Any, name: str) -> Iterable[Any]:
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        raise InputError(f"{name} is {reprlib.repr(given)}: expected a sequence of texts, such as ['one', 'two']")
    rows: Iterable[Any] = given.to_numpy() if hasattr(given, "to_numpy") else given  # a frame iterates over its columns
    return rows


def _check_lengths(sources: Sequence[str], targets: Sequence[str]) -> None:
    if len(sources) != len(targets):
        raise InputError(f"X has {len(sources):,} sources and y {len(targets):,} texts: give one for each")


def _without_place(bundle: bundles.Bundle) -> bundles.Bundle:
    """Return the model with a manifest that does not depend on where it was trained, so that equal fits are equal."""
    manifest = {key: value for key, value in bundle.manifest.items() if key != "again"}
    [digest] = manifest["data"].values()
    return msgspec.structs.replace(bundle, manifest=manifest | {"data": {GIVEN: digest}})
