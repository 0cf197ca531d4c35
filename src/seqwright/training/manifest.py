"""manifest.json: the provenance of a model, and the arguments to repeat its training."""

from __future__ import annotations

import functools
import math
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

import seqwright
from seqwright import bundle, kernels, provenance
from seqwright.config import Config, upgraded
from seqwright.data import readers
from seqwright.errors import ConfigError, DataError, ModelError
from seqwright.training import candidates
from seqwright.training.checkpoint import Position
from seqwright.training.prepare import Prepared

__all__ = ["Again", "Origin", "Recalled", "describe", "finished", "identity", "recall"]

FILES: dict[str, provenance.Role] = {"lexicon": "lexicon", "unlabelled": "unlabelled", "also": "related"}  # settings


class Origin:
    """The model to fine-tune, if any, and the command line.

    notes: further entries of the manifest.
    """

    notes: dict[str, Any]
    command: list[str]
    fine_tune: str | None

    def __init__(self, fine_tune: str | Path | None, command: Sequence[str], notes: Mapping[str, Any]) -> None:
        self.notes = dict(notes)
        # An argument that is not valid Unicode has surrogates, which JSON cannot hold.
        self.command = [word.encode(errors="backslashreplace").decode() for word in command or sys.argv]
        self.fine_tune = None if fine_tune is None else str(fine_tune)

    @functools.cached_property
    def base_hash(self) -> str:
        """SHA-256 of the weights of the model to fine-tune, "" without one."""
        return "" if self.fine_tune is None else readers.sha256(bundle.weights_file(Path(self.fine_tune)))


def describe(prepared: Prepared, origin: Origin, measured: Position | None) -> dict[str, Any]:
    """Return the manifest of a model.   measured: has the scores of its parameters, None if they were never measured.

    "data" and "dev" are meant to be read by people; `provenance` has them as structures.
    """
    return origin.notes | {
        "seqwright": seqwright.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "kernels": kernels.description(),
        "command": origin.command,
        "seed": prepared.config.training.seed,
        "data": {file.name: file.sha256 for file in prepared.provenance.files},
        "n_pairs": len(prepared.examples),
        "dev": prepared.dev_origin,
        "provenance": prepared.provenance,
        "scores": None if measured is None or prepared.is_whole else _scores(measured),
        "again": Again(prepared.config, origin.fine_tune, origin.base_hash),
    }


def _scores(position: Position) -> dict[str, object]:
    """Return the dev scores of the best parameters."""
    scores: dict[str, object] = {
        "epoch": position.best_epoch, "dev_accuracy": position.best_exact, "dev_ter": position.best_ter,
    }  # fmt: skip
    if position.best_loss is not None:
        perplexity = math.exp(min(position.best_loss, 700.0))
        scores |= {
            "selected_by": position.best_measure, "dev_loss": position.best_loss, "dev_perplexity": perplexity,
            "dev_bleu": position.best_bleu, "dev_chrf": position.best_chrf,
        }  # fmt: skip
    return scores


def identity(config: Config, found: provenance.Provenance, base_hash: str) -> dict[str, Any]:
    """Return what is equal for two trainings that write the same bytes."""
    relevant = msgspec.json.decode(msgspec.json.encode(config))  # with the types that a checkpoint restores
    for indifferent in ("checkpoint_every_s", "cache", "report", "log", *FILES):  # the files by their hashes, below
        del relevant["training"][indifferent]
    for role in ("unlabelled", "also"):  # unknown to earlier versions
        if not getattr(config.training, role):
            del relevant["training"][f"{role}_share"]
    for later in ("augmentation", "dev_fold", "cross_validation", "candidates"):  # unknown to earlier versions
        if not relevant["training"][later]:
            del relevant["training"][later]
    # By role, as the path of a file may change.
    roles: dict[str, provenance.Role] = {"pairs": "train", "dev": "dev", **FILES}
    hashes = {name: " ".join(file.sha256 for file in found.of(role)) for name, role in roles.items()}
    data = {name: digest for name, digest in hashes.items() if digest or name in ("pairs", "dev", "lexicon")}
    return {"config": relevant, "data": data, "fine_tune": base_hash}


def finished(path: Path) -> dict[str, Any] | None:
    """Return the `identity` of the training of the model in the directory `path`.

    None if there is no model, or its manifest has no identity: of an earlier version, an ensemble of joined models, or
    in 8 bits.
    """
    try:
        model = bundle.load(path)
        if model.int8 or "provenance" not in model.manifest:
            return None
        described = msgspec.convert(model.manifest, _Manifest)
        again, tried = described.again, described.candidates
        config = again.config if tried is None else candidates.given(again.config, tried)
        return identity(config, provenance.provenance(model.manifest), again.base_hash)
    except (ModelError, DataError, ConfigError, msgspec.ValidationError):
        return None


def recall(path: str | Path, *, data_dir: str | Path | None = None) -> Recalled:
    """Return the arguments of the training that a manifest describes.

    Parameters
    ----------
    path : path
        A manifest.json.
    data_dir : path, optional
        A directory that is searched for the data files first; then their recorded paths are tried, then these paths
        relative to the model directory.

    Returns
    -------
    Recalled
        Arguments for `train`.

    Raises
    ------
    ModelError
        The file is not a manifest of this version.
    DataError
        A data file is missing or has changed.
    """
    path = Path(path)
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        again = msgspec.convert(upgraded(manifest, origin=path.name), _Manifest).again
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; give the manifest.json of a model directory") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path}: not the manifest of a training by this version ({error})") from None
    found = provenance.provenance(manifest)
    hint = "" if data_dir else "; give the directory that holds the files with --data-dir"
    place = None if data_dir is None else Path(data_dir)

    def paths(role: provenance.Role) -> tuple[Path | str | readers.Parallel, ...]:
        located = provenance.locate(found.of(role), path.parent, data_dir=place, hint=hint)
        return tuple(one.path for one in provenance.inputs(located) if not isinstance(one.path, readers.Rows))

    config = again.config
    now = {name: str(found_paths[0]) for name, role in FILES.items() if (found_paths := paths(role))}
    n_folds = config.training.cross_validation or 0  # None: of an earlier version
    training = msgspec.structs.replace(config.training, cross_validation=n_folds, **now)
    config = msgspec.structs.replace(config, training=training)
    is_given = found.dev.origin == "files" and not config.training.cross_validation
    dev = paths("dev") if is_given else None
    return Recalled(paths("train"), dev, config, _base(again, path.parent, place))


class Recalled(NamedTuple):
    """The arguments of a training.

    Attributes
    ----------
    pairs, dev : tuple
        Files; dev is None if dev pairs are held out.
    config : Config
        The configuration.
    fine_tune : str or None
        The model directory to start from.
    """

    pairs: tuple[Path | str | readers.Parallel, ...]
    dev: tuple[Path | str | readers.Parallel, ...] | None
    config: Config
    fine_tune: str | None


class Again(msgspec.Struct):
    """The arguments of a training other than its files, as stored in the manifest."""

    config: Config
    fine_tune: str | None = None
    base_hash: str = ""


class _Manifest(msgspec.Struct):
    again: Again
    candidates: candidates.Candidates | None = None


def _base(again: Again, directory: Path, data_dir: Path | None) -> str | None:
    """Return the present path of the model to fine-tune.   DataError: it is missing or has changed."""
    if not again.fine_tune:
        return None
    given = Path(again.fine_tune)
    places = [given, directory.parent / given, *([] if data_dir is None else [data_dir / given])]
    found = [place for place in places if bundle.exists(place)]
    for place in found:
        if readers.sha256(bundle.weights_file(place)) == again.base_hash:
            return str(place)
    why = "is not the model that was fine-tuned" if found else "no such model directory"
    raise DataError(f"{again.fine_tune}: {why}")
