"""A loaded model that turns text into text.

Not a trainer and not a reader of files. Any number of threads may use one `Translator`: they share its weights, which
are constant, and each call allocates its own memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from seqwright import bundle as bundles
from seqwright.errors import UsageError
from seqwright.inference import arguments, compatibility, constraints, description, scoring
from seqwright.inference.answer import Answer, Hypothesis, Link
from seqwright.inference.modes import AnyOptions, BeamSearch, Caps, Sampling, Scoring, as_options, merged_options
from seqwright.inference.next_tokens import NextToken, next_tokens
from seqwright.inference.options import Options
from seqwright.inference.predicting import Predictor
from seqwright.search import automaton

__all__ = [
    "Answer",
    "BeamSearch",
    "Caps",
    "Hypothesis",
    "Options",
    "Sampling",
    "Scoring",
    "Translator",
    "load",
]


class Translator:
    """A model in memory, which `seqwright.load` reads from a model directory.

    Parameters
    ----------
    bundle : seqwright.bundle.Bundle
        The contents of a model directory. Its weights are shared, not copied; the first search packs them for the
        compiled kernels.

    Attributes
    ----------
    bundle : seqwright.bundle.Bundle
        As given.

    Raises
    ------
    ModelError
        If the weights do not fit the configuration, or the calibration is damaged.
    """

    def __init__(self, bundle: bundles.Bundle) -> None:
        self.bundle = bundle
        self._predictor = Predictor(bundle)

    def __reduce__(self) -> tuple[type[Translator], tuple[bundles.Bundle]]:
        return Translator, (self.bundle,)  # packed weights belong to one process

    def __repr__(self) -> str:
        return f"<Translator of {description.described(self.bundle, n_networks=len(self._predictor.searcher))}>"

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model to a directory, which `seqwright.load` reads.

        Parameters
        ----------
        path : str or Path
            The directory, created if it does not exist.
        overwrite : bool, default False
            Replace a model that is there.

        Raises
        ------
        UsageError
            If the directory exists, is not empty, and `overwrite` is False.
        OutputError
            If it cannot be written.
        """
        if not overwrite and Path(path).exists() and any(Path(path).iterdir() if Path(path).is_dir() else [path]):
            raise UsageError(f"{path} exists already; choose another path, or pass overwrite=True")
        bundles.save(Path(path), self.bundle)

    def predict(
        self,
        sources: Sequence[str],
        *,
        features: Sequence[str] | None = None,
        beam: int | None = None,
        n_best: int | None = None,
        options: AnyOptions | None = None,
    ) -> list[list[Hypothesis]]:
        """Predict the targets of several sources.

        The hypotheses for a source do not depend on the other sources.

        Parameters
        ----------
        sources : sequence of str
            One source each. A single str is refused: pass a list.
        features : sequence of str, optional
            The features of each source, separated by semicolons (`V;PST`).
        beam : int, optional
            Hypotheses kept at each step, 5 by default; 1 is greedy search. At least `n_best` are kept. Replaces the
            value in `options`.
        n_best : int, optional
            Hypotheses returned, 1 by default. Replaces the value in `options`.
        options : Options, BeamSearch or Sampling, optional
            All other settings.

        Returns
        -------
        list of list of Hypothesis
            For each source up to `n_best` hypotheses, best first; fewer if the search found fewer, none if the source
            was refused.

        Raises
        ------
        UsageError
            If an argument is not a list of str, or an option has no meaning for this model.
        ConstraintError
            If no target of the given lengths satisfies the constraint.
        """
        merged = merged_options(options, beam, n_best)
        return [answer.hypotheses for answer in self._answers(sources, features, merged, confident=False)]

    def predict_iter(
        self,
        sources: Iterable[str],
        *,
        features: Iterable[str] | None = None,
        beam: int | None = None,
        n_best: int | None = None,
        options: AnyOptions | None = None,
        chunk: int = 512,
    ) -> Iterator[list[Hypothesis]]:
        """Predict the targets of any number of sources in constant memory.

        Parameters
        ----------
        sources, features, beam, n_best, options
            As for `predict`; sources and features may be any iterables.
        chunk : int, default 512
            Sources read at a time.

        Yields
        ------
        list of Hypothesis
            The hypotheses for the next source, as `predict` returns them.

        Raises
        ------
        UsageError
            As for `predict`; for a wrong element when it is reached.
        """
        merged = merged_options(options, beam, n_best)
        arguments.not_one_text(sources, "sources")
        if features is not None:
            arguments.not_one_text(features, "features")
        if chunk < 1:
            raise UsageError(f"chunk = {chunk}: expected at least 1")

        def answers() -> Iterator[list[Hypothesis]]:
            rows = arguments.paired(sources, features)
            while some := list(itertools.islice(rows, chunk)):
                texts, tags = [s for s, _ in some], [f for _, f in some]
                for answer in self._answers(texts, tags, merged, confident=False):
                    yield answer.hypotheses

        return answers()

    def answer(
        self, sources: Sequence[str], *, features: Sequence[str] | None = None, options: AnyOptions | None = None
    ) -> list[Answer]:
        """Answer several sources, with confidence and flags.

        An answer does not depend on the other sources. A source of more than `options.max_source_tokens` tokens is
        split into windows, after a space if there is one; constraint, lengths and `n_best` apply to the whole answer.

        Parameters
        ----------
        sources : sequence of str
            One source each. A single str is refused: pass a list.
        features : sequence of str, optional
            The features of each source, separated by semicolons (`V;PST`).
        options : Options, BeamSearch or Sampling, optional
            Settings of the search.

        Returns
        -------
        list of Answer
            One for each source, in order.

        Raises
        ------
        UsageError
            If an argument is not a list of str, or an option has no meaning for this model.
        ConstraintError
            If no target of the given lengths satisfies the constraint.
        """
        return self._answers(sources, features, as_options(options), confident=True)

    def score(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        *,
        features: Sequence[str] | None = None,
        options: AnyOptions | None = None,
    ) -> list[Answer]:
        """Score given targets: log-probabilities and alignment.

        Parameters
        ----------
        sources : sequence of str
            One source each, never split into windows.
        targets : sequence of str
            The target of each source.
        features : sequence of str, optional
            The features of each source.
        options : Options or Scoring, optional
            Only the ranking and `max_batch_tokens` have an effect.

        Returns
        -------
        list of Answer
            For each pair an answer whose only hypothesis is the target. A target with a token that is not in the
            vocabulary has score -inf and a flag that names the token.

        Raises
        ------
        UsageError
            If an argument is not a list of str, or the lists differ in length.
        """
        options = as_options(options, scoring=True)
        sources = arguments.texts(sources, "sources")
        targets = arguments.texts(targets, "targets", len(sources))
        given = [""] * len(sources) if features is None else arguments.texts(features, "features", len(sources))
        return scoring.scored(sources, given, targets, bundle=self.bundle, predictor=self._predictor, options=options)

    def align(
        self, sources: Sequence[str], targets: Sequence[str], *, features: Sequence[str] | None = None
    ) -> list[list[Link]]:
        """Align given targets with their sources by attention weights.

        Parameters
        ----------
        sources, targets : sequence of str
            As for `score`.
        features : sequence of str, optional
            The features of each source.

        Returns
        -------
        list of list of (int, int)
            For each pair the links (source token, target token), from 0: each target token with the source token of
            the highest attention weight.

        Raises
        ------
        UsageError
            If the model has no attention, or as for `score`.
        """
        if self.bundle.config.model.attention == "none":
            raise UsageError("alignment needs a model with attention; train one with model.attention=bilinear")
        return [answer.hypotheses[0].links or [] for answer in self.score(sources, targets, features=features)]

    def constraint(
        self,
        *,
        prefix: str = "",
        prefix_tokens: Sequence[str] = (),
        allow: str | None = None,
        one_of: Iterable[str] | None = None,
        pattern: str | None = None,
        min_length: int = 0,
    ) -> automaton.Automaton | None:
        """Compile the set of targets that satisfy all given conditions, for `Options.constraint`.

        Parameters
        ----------
        prefix : str, optional
            What the target begins with.
        prefix_tokens : sequence of str, optional
            The tokens that the target begins with, such as `Hypothesis.tokens[:3]`.
        allow : str, optional
            Tokens that the target may contain.
        one_of : iterable of str, optional
            The allowed targets; those with a token that is not in the vocabulary are left out.
        pattern : str, optional
            A regular expression that the whole target matches.
        min_length : int, default 0
            Least number of tokens. With a constraint it must be given here, not only in the options.

        Returns
        -------
        Automaton or None
            May be used in any number of searches with this model; None without conditions.

        Raises
        ------
        ConstraintError
            If no target satisfies the conditions, a token is not in the vocabulary, or the pattern is invalid.
        UsageError
            If `one_of` is not an iterable of str.
        """
        if one_of is not None:
            one_of = arguments.texts(one_of, "one_of")
        return constraints.build(
            self.bundle.target, prefix=prefix, prefix_tokens=prefix_tokens, allow=allow, one_of=one_of, pattern=pattern,
            min_length=min_length,
        )  # fmt: skip

    def next_tokens(
        self, source: str, prefix_tokens: Sequence[str] = (), *, features: str = "", n: int = 10
    ) -> list[NextToken]:
        """Find the most probable tokens after the beginning of a target.

        Parameters
        ----------
        source : str
            The source, never split into windows.
        prefix_tokens : sequence of str, optional
            The tokens of the target so far, such as `Hypothesis.tokens[:3]`.
        features : str, optional
            The features of the source, separated by semicolons.
        n : int, default 10
            Tokens returned; fewer if the vocabulary has fewer.

        Returns
        -------
        list of NextToken
            Pairs of a token, None for the end of the target, and its log-probability (natural logarithm), most
            probable first.

        Raises
        ------
        UsageError
            If a token is not in the vocabulary of targets, or `n` is less than 1.
        """
        if n < 1:
            raise UsageError(f"n = {n}: expected at least 1")
        prefix = arguments.texts(prefix_tokens, "prefix_tokens")
        return next_tokens(source, features, prefix, n, bundle=self.bundle, predictor=self._predictor)

    def source_tokens(self, source: str, features: str = "") -> list[str]:
        """Tokenize a source.

        Parameters
        ----------
        source : str
            The text.
        features : str, optional
            Its features, separated by semicolons.

        Returns
        -------
        list of str
            The symbols of its features, then its tokens.
        """
        reader = self._predictor.reader
        return [*reader.features(features), *reader.tokenizer.split(source)]

    def unknown(self, source: str, features: str = "", *, fold_case: bool = False) -> list[str]:
        """Find the symbols of a source and its features that are not in the model's vocabulary.

        Parameters
        ----------
        source : str
            The text.
        features : str, optional
            Its features, separated by semicolons.
        fold_case : bool, default False
            Whether the source is read as with `Options.fold_case`.

        Returns
        -------
        list of str
            The unknown symbols, in order.
        """
        if fold_case:
            source = self._predictor.reader.folded(source)
        return self.bundle.source.vocabulary.unknown(self.source_tokens(source, features))

    def check(self, options: AnyOptions) -> None:
        """Check whether this model can follow options, as `answer` does.

        Parameters
        ----------
        options : Options, BeamSearch or Sampling
            What to check.

        Raises
        ------
        UsageError
            If an option has no meaning for this model.
        ConstraintError
            If no target of the given lengths satisfies the constraint.
        """
        compatibility.check(as_options(options), self.bundle, calibrated=bool(self._predictor.confidence))

    def _answers(
        self, sources: Sequence[str], features: Sequence[str] | None, options: Options, *, confident: bool
    ) -> list[Answer]:
        self.check(options)
        sources = arguments.texts(sources, "sources")
        given = [""] * len(sources) if features is None else arguments.texts(features, "features", len(sources))
        return self._predictor.answers(sources, given, options, confident=confident)


def load(path: str | Path) -> Translator:
    """Load a model.

    Parameters
    ----------
    path : str or Path
        A model directory, which `seqwright.train` or `seqwright train` has written.

    Returns
    -------
    Translator
        The model; its weights are read once and packed at the first search.

    Raises
    ------
    ModelError
        If the directory does not exist, is incomplete or damaged, or is of a later format version.
    """
    return Translator(bundles.load(Path(path)))
