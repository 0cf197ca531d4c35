"""Join several models into an ensemble, which averages their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

import seqwright
from seqwright import bundle as bundles
from seqwright import config, evaluation, metrics, provenance
from seqwright.bundle import Bundle
from seqwright.config.text import TOKENS
from seqwright.data import readers
from seqwright.data.tokenizer import Tokenizer
from seqwright.data.vocabulary import SPECIAL
from seqwright.errors import UsageError
from seqwright.inference.translator import Translator
from seqwright.models import Seq2seq, weights

__all__ = ["Joined", "join", "together"]

SHARED = ("data", "n_pairs", "dev")  # entries that the manifests of models trained on the same pairs have in common


class Joined(NamedTuple):
    """The result of `join`.

    Attributes
    ----------
    output : Path
        The model directory that was written.
    n_networks : int
        Networks of the ensemble.
    alone : list of metrics.Scores
        Of each model; empty if there were no pairs for evaluation.
    together : metrics.Scores or None
        Of the ensemble; None if there were no pairs for evaluation.
    missing : str
        The reason why there were none.
    seen : provenance.Seen or None
        How many sources of `data` one of the models was trained on; None without `data`. Where there are some, no
        confidence is fitted.
    """

    output: Path
    n_networks: int
    alone: list[metrics.Scores]
    together: metrics.Scores | None
    missing: str
    seen: provenance.Seen | None = None


def join(
    models: Sequence[str | Path],
    *,
    output: str | Path,
    data: readers.Paths | None = None,
    beam: int = 5,
    reading: readers.Columns = readers.STANDARD,
    listen: evaluation.Listener = evaluation.unheard,
) -> Joined:
    """Write an ensemble of models as one model directory, and evaluate each model and the ensemble.

    Parameters
    ----------
    models : sequence of path
        Two or more model directories whose texts are cut into tokens in one way. A symbol that one of them does not
        know is the unknown symbol to it.
    output : path
        The directory to write.
    data : path or several paths, optional
        Pairs for evaluation and for the calibration of confidences; by default the common dev pairs of the trainings,
        if they are available.
    beam : int, default 5
        Hypotheses kept at each step of the evaluation.
    reading : Columns, optional
        How `data` is read where it differs from the files of the training.
    listen : callable, optional
        Called with the progress of the evaluation, see `evaluate`.

    Returns
    -------
    Joined
        Scores of each model and of the ensemble.

    Raises
    ------
    UsageError
        If there are fewer than two models, one is given twice, they cannot form an ensemble, or `output` exists.
    ModelError
        If a model cannot be loaded.
    OutputError
        If `output` cannot be written.
    """
    target = Path(output)
    bundles.refuse_taken(target)
    if len({Path(model).resolve() for model in models}) < len(models):
        raise UsageError("a model is given twice, and would count twice; give each once")
    apart = [bundles.load(Path(model)) for model in models]
    whole = together(apart, names=[str(model) for model in models])
    directories = list(map(Path, models))
    if shared := _provenance(apart, directories, target):
        whole = msgspec.structs.replace(whole, manifest=whole.manifest | {"provenance": msgspec.to_builtins(shared)})
    translators = [Translator(one) for one in apart]
    if data is None:
        pairs, missing = provenance.shared_dev_pairs(apart, directories)
    else:
        pairs, missing = readers.read_pairs(data, columns=evaluation.columns(translators[0], reading)), ""
    alone: list[metrics.Scores] = []
    scores = seen = None
    if data is not None:
        sources = dict.fromkeys((pair.source, pair.features) for pair in pairs)
        seen = provenance.count_seen(whole, target, sources)
    if pairs:
        *others, found = evaluation.evaluate_each([*translators, Translator(whole)], pairs, beam=beam, listen=listen)
        alone = [one.scores for one in others]
        scores = found.scores
        noted = {"dev_accuracy": scores.exact, "dev_ter": scores.ter}
        manifest = whole.manifest | {"scores": noted}
        if seen is None or not seen.n:
            calibrated = msgspec.to_builtins(evaluation.calibrate(found.answered))
            if earlier := msgspec.to_builtins(apart[0].manifest.get("calibration")):
                calibrated["familiarity"] = earlier.get("familiarity")  # of the same training sources
            manifest["calibration"] = calibrated
        whole = msgspec.structs.replace(whole, manifest=manifest)
    bundles.save(target, whole)
    return Joined(target, len(whole.networks), alone, scores, missing, seen)


def together(apart: Sequence[Bundle], *, names: Sequence[str]) -> Bundle:
    """Return the model whose networks are those of all bundles, which lend it their weights; names: for messages.

    UsageError: fewer than two, or two that differ in more than what they have learned.
    """
    if len(apart) < 2:
        raise UsageError("one model has nothing to be joined with; give two or more")
    for name, other in zip(names[1:], apart[1:], strict=True):
        if different := _difference(apart[0], other):
            raise UsageError(f"{names[0]} and {name} cannot answer together: {different}")
    first, *_ = apart = _with_shared_symbols(apart)
    networks = [network for one in apart for network in one.networks]
    limits = first.limits
    for other in apart[1:]:
        limits = limits.joined(other.limits)
    return msgspec.structs.replace(
        first,
        config=first.config.of([network.settings for network in networks]),
        limits=limits,
        weights=weights.joined([network.arrays for network in networks], numbered=True),
        manifest=_manifest(apart, names),
    )


def _difference(one: Bundle, other: Bundle) -> str:
    """Return what keeps two models from answering together, "" if nothing does."""
    if one.int8 or other.int8:
        return "one has 8-bit weights; join the original models, and export the ensemble"
    if bool(one.config.text.features_column) != bool(other.config.text.features_column):
        return "one has features, another has none; train both on the same pairs"
    if any(getattr(one.config.text, name) != getattr(other.config.text, name) for name in TOKENS):
        return "they cut texts into tokens in two ways; train both with the same text settings"
    if [one.source.splitter, one.target.splitter] != [other.source.splitter, other.target.splitter]:
        return "their subwords were learned from different texts; train both on the same pairs"
    if unlike := config.apart(one.config.model, other.config.model):
        return unlike
    if one.lexicon != other.lexicon:
        return "they hold different lexicons; train both with the same --lexicon, or without"
    return ""


def _with_shared_symbols(apart: Sequence[Bundle]) -> list[Bundle]:
    """Return the models with the symbols of all of them, in the order of the first one."""
    source, target = apart[0].source.vocabulary, apart[0].target.vocabulary
    for other in apart[1:]:
        source, target = source.extended(other.source.vocabulary), target.extended(other.target.vocabulary)
    return [
        _moved(one, Tokenizer(one.source.splitter, source), Tokenizer(one.target.splitter, target)) for one in apart
    ]


def _moved(one: Bundle, source: Tokenizer, target: Tokenizer) -> Bundle:
    """Return a model with other vocabularies, whose new symbols have the weights of what it took them for."""
    rows = {
        "encoder": [*range(len(SPECIAL)), *one.source.vocabulary.encode(source.vocabulary.symbols)],
        "decoder": [*range(len(SPECIAL)), *one.target.vocabulary.encode(target.vocabulary.symbols)],
    }
    moved = []
    for network in one.networks:
        declared = Seq2seq.declared(network.spec)
        moved.append(
            {
                name: array if (axis := declared[name].vocabulary) is None
                else np.take(array, rows[name.partition(".")[0]], axis)
                for name, array in network.arrays.items()
            }
        )  # fmt: skip
    arrays = weights.joined(moved, numbered=weights.is_numbered(one.weights))
    return msgspec.structs.replace(one, source=source, target=target, weights=arrays)


def _manifest(apart: Sequence[Bundle], names: Sequence[str]) -> dict[str, Any]:
    """Return what they have in common, and what was joined."""
    manifests = [one.manifest for one in apart]
    shared = {
        key: manifests[0][key]
        for key in SHARED
        if all(key in manifest and manifest[key] == manifests[0][key] for manifest in manifests)
    }
    seeds = [one.config.training.seed for one in apart]
    joined = [{"model": name, "seed": seed} for name, seed in zip(names, seeds, strict=True)]
    return {"seqwright": seqwright.__version__, **shared, "joined": joined}


def _read(one: Bundle) -> config.TextConfig:
    """Return how the files of a model are read, without what only refuses files."""
    text = one.config.text
    schema = None if text.schema is None else msgspec.structs.replace(text.schema, even=False)
    return msgspec.structs.replace(text, schema=schema)


def _provenance(apart: Sequence[Bundle], directories: Sequence[Path], output: Path) -> provenance.Provenance | None:
    """Return the files of all models and their dev set, of which nothing can be measured if it is not that of each.

    None where there is no record, or where the files of one model cannot be read like those of another.
    """
    if len({_read(one) for one in apart}) > 1 or not all("provenance" in one.manifest for one in apart):
        return None
    first, *others = (
        provenance.moved(provenance.provenance(one.manifest), output, before=directory)
        for one, directory in zip(apart, directories, strict=True)
    )
    if any(other.base != first.base for other in others):
        return None
    files = {(file.role, file.sha256): file for one in (first, *others) for file in one.files}
    dev = provenance.shared_dev([one.dev for one in (first, *others)])
    return msgspec.structs.replace(first, files=list(files.values()), dev=dev)
