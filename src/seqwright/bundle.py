"""The model directory: written so that a reader finds a whole model or none, read so that damage is named.

    config.json         format version, configuration, sizes and length limits
    source.vocab.json   target.vocab.json            see `data.tokenizer`
    source.subwords.model   target.subwords.model    of a side that has subwords
    lexicon.json        pairs that are answered just so, of a model that was given some
    model.safetensors   float32 weights under the names of `Seq2seq.params`; of an ensemble: prefix `members.0.` …
                        of format 2, int8 codes and their scales: see `models.int8`
    manifest.json       versions, seed, data hashes, command, scores
    metrics.jsonl       one line an event of the training (written by `training`)

No pickle, no symbolic link. The files of a model are replaced together (`file_set`). Weights and configuration carry
the same stamp, a hash of vocabularies, subwords, lexicon and weights: what was learned, and not from which files, so
that equal trainings write equal weights. The configuration has a checksum of all that is loaded, too: a file that has
changed by a single bit, or belongs to another model, is refused instead of answered from. Models of before `STAMP_RULE`
2 have no checksum.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import msgspec
import numpy as np

from seqwright import file_set, models, tensors
from seqwright.config import Config, ModelConfig, upgraded
from seqwright.data import tokenizer
from seqwright.data.limits import Limits
from seqwright.data.readers import Pair
from seqwright.data.tokenizer import Segmentation, Tokenizer
from seqwright.errors import ConfigError, ModelError, OutputError, UsageError
from seqwright.models import ModelSpec, Seq2seq, int8, weights
from seqwright.types import Array

__all__ = [
    "FORMAT_VERSION",
    "WEIGHTS",
    "Bundle",
    "Network",
    "exists",
    "load",
    "refuse_taken",
    "save",
    "stamp",
    "weights_file",
]

FORMAT_VERSION = 2  # of models in 8 bits; others are written as version 1, which older releases read
WEIGHTS = "model.safetensors"
LEXICON = "lexicon.json"
STAMP_RULE: Literal[2] = 2  # with a checksum of all that is loaded
NAMES_OF_RULE_1 = ("source.vocab.json", "target.vocab.json", WEIGHTS)
NAMES = (
    "config.json", *tokenizer.file_names("source"), *tokenizer.file_names("target"), "manifest.json", LEXICON, WEIGHTS,
)  # fmt: skip
Buffer = bytes | memoryview
HINT = "restore the model from a copy or train it again"


class Network(NamedTuple):
    """One network of a model: its settings, what it is, and its weights by name."""

    settings: ModelConfig
    spec: ModelSpec
    arrays: dict[str, Array]


class Bundle(msgspec.Struct, frozen=True):
    """Everything that a model directory holds but its metrics.

    lexicon: pairs whose sources are answered just so.
    int8: the file holds codes, and inference computes with them; `weights` are the floats that they represent.
    """

    config: Config
    source: Tokenizer
    target: Tokenizer
    limits: Limits
    weights: dict[str, Array]
    manifest: dict[str, Any] = {}
    int8: bool = False
    lexicon: list[Pair] = []

    @property
    def networks(self) -> list[Network]:
        """One network, or those of an ensemble: fewer than configured where a training ended early."""
        sizes = len(self.source.vocabulary), len(self.target.vocabulary)
        return [
            Network(settings, settings.spec(*sizes), arrays)
            for settings, arrays in zip(self.config.networks, weights.parted(self.weights), strict=False)
        ]

    def build(self) -> list[Seq2seq]:
        """Return the networks around the weights of this bundle; they answer and cannot be trained."""
        copy_map = self.source.vocabulary.copy_map(self.target.vocabulary)
        mask = self.source.vocabulary.feature_mask()
        return [
            models.build(one.spec, copy_map=copy_map, feature_mask=mask, arrays=one.arrays) for one in self.networks
        ]


class _ConfigFile(msgspec.Struct, omit_defaults=True):
    format_version: int
    stamp: str
    limits: Limits
    config: Config
    weights: Literal["float32", "int8"] = "float32"
    stamp_rule: Literal[1, 2] = 1
    checksum: str = ""


class _Lexicon(msgspec.Struct):
    stamp: str
    pairs: list[tuple[str, str, str]]  # source, target, features


class _Header(msgspec.Struct):
    format_version: int


def save(path: Path, bundle: Bundle) -> None:
    """Write the bundle to the directory `path`, which is made if need be.

    A model that is there survives a failure; a process that is killed leaves the old model or the new one.

    OutputError: no space, no permission.
    """
    stored = _codes(bundle) if bundle.int8 else bundle.weights
    config = _ConfigFile(1, "", bundle.limits, bundle.config, stamp_rule=STAMP_RULE)
    if bundle.int8:
        config = msgspec.structs.replace(config, format_version=FORMAT_VERSION, weights="int8")
    lexicon = _Lexicon("", [(pair.source, pair.target, pair.features) for pair in bundle.lexicon])
    files: dict[str, file_set.Data] = {
        **({LEXICON: b""} if bundle.config.training.lexicon else {}),
        **bundle.source.files("source"),
        **bundle.target.files("target"),
        "manifest.json": _json(bundle.manifest),
        "config.json": b"",
        WEIGHTS: b"",
    }
    # A hash and not a random number, so that equal trainings write equal bytes.
    contents = files | {"config.json": _without_stamp(_json(config)), WEIGHTS: tensors.parts(stored)}
    if LEXICON in files:
        contents[LEXICON] = msgspec.json.encode(lexicon.pairs)
    hashes = {name: _digest(data) for name, data in contents.items()}
    stamp = _stamp(_learned(hashes))
    files["config.json"] = _json(msgspec.structs.replace(config, stamp=stamp, checksum=_stamp(hashes)))
    files[WEIGHTS] = tensors.parts(stored, {"stamp": stamp})
    if LEXICON in files:
        files[LEXICON] = msgspec.json.encode(msgspec.structs.replace(lexicon, stamp=stamp))
    try:
        file_set.replace(path, files)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot save the model: {error.strerror}; what was there before is unchanged, "
            f"free some space or choose another --output"
        ) from None


def _digest(data: file_set.Data) -> bytes:
    digest = hashlib.sha256()
    for part in [data] if isinstance(data, bytes) else data:
        digest.update(part)
    return digest.digest()


def _codes(bundle: Bundle) -> dict[str, Any]:
    """Return the weights as 8-bit codes and their scales."""
    parts = [int8.to_codes(one.arrays, Seq2seq.declared(one.spec)) for one in bundle.networks]
    return weights.joined(parts, numbered=weights.is_numbered(bundle.weights))


def refuse_taken(path: Path) -> None:
    """Raise UsageError where the path of a directory to write is taken."""
    if path.exists() and not (path.is_dir() and all(map(file_set.negligible, path.iterdir()))):
        raise UsageError(f"{path} exists already; choose another --output")


def load(path: Path) -> Bundle:
    """Return the model of a directory.   ModelError: missing, damaged, newer, or inconsistent."""
    if not path.is_dir():
        what = "is a file, not a model directory" if path.exists() else "no such model directory"
        raise ModelError(f"{path}: {what}; give the directory that `seqwright train` wrote")
    with _opened(path, NAMES) as files:
        return _load(files)


def _load(files: _Files) -> Bundle:
    config, document = _load_config(files)
    text, read, folder = config.config.text, files.read, files.path
    source = Tokenizer.load("source", read, Segmentation(text.source_tokens, text.source_form), folder=folder)
    target = Tokenizer.load("target", read, Segmentation(text.target_tokens, text.target_form), folder=folder)
    specs = [one.spec(len(source.vocabulary), len(target.vocabulary)) for one in config.config.networks]
    stored, arrays = _load_weights(files, specs, as_codes=config.weights == "int8")
    if stored.metadata.get("stamp") != config.stamp:
        raise ModelError(f"{folder}: config.json and model.safetensors come from two different models; {HINT}")
    try:
        manifest = msgspec.json.decode(read("manifest.json"), type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{folder / 'manifest.json'}: damaged ({error}); {HINT}") from None
    lexicon = _load_lexicon(files, config.stamp) if config.config.training.lexicon else None
    bundle = Bundle(
        config.config, source, target, config.limits, arrays, manifest, config.weights == "int8",
        [] if lexicon is None else [Pair(*pair) for pair in lexicon.pairs],
    )  # fmt: skip
    _check_weights(folder, bundle)
    contents: dict[str, Iterable[Buffer]] = {name: [data] for name, data in files.contents.items()}
    contents |= {"config.json": [document], WEIGHTS: stored.without_metadata()}
    if lexicon is not None:
        contents[LEXICON] = [msgspec.json.encode(lexicon.pairs)]
    if not _is_whole(config, contents):
        raise ModelError(f"{folder}: damaged: a file is not as it was when the model was saved; {HINT}")
    return bundle


def _is_whole(config: _ConfigFile, contents: Mapping[str, Iterable[Buffer]]) -> bool:
    """Return whether the contents are those that the configuration has hashes of, by the rule of its time."""
    if config.stamp_rule == 1:
        return _sha256(part for name in NAMES_OF_RULE_1 for part in contents[name]).hex()[:16] == config.stamp
    hashes = {name: _sha256(parts) for name, parts in contents.items()}
    return _stamp(hashes) == config.checksum and _stamp(_learned(hashes)) == config.stamp


def _sha256(parts: Iterable[Buffer]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def _stamp(hashes: Mapping[str, bytes]) -> str:
    """Return a hash of the hashes of files, each without the stamp that it carries."""
    return _sha256(name.encode() + b"\0" + hashes[name] for name in sorted(hashes)).hex()[:16]


def _learned(hashes: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the hashes without those of the provenance."""
    return {name: digest for name, digest in hashes.items() if name not in ("config.json", "manifest.json")}


def _without_stamp(config: bytes) -> bytes:
    """Return the content of config.json in any layout; later versions may add keys, and keep those of this one."""
    document = msgspec.json.decode(config, type=dict[str, Any])
    del document["stamp"]
    document.pop("checksum", None)
    return msgspec.json.encode(document)


class _Files:
    """The files of a model directory, all of one save, while they are open.   contents: of those that were read."""

    def __init__(self, path: Path, streams: Mapping[str, BinaryIO]) -> None:
        self.path, self._streams = path, streams
        self.contents: dict[str, bytes] = {}

    def stream(self, name: str) -> BinaryIO:
        """Return an open file.   ModelError: it is missing."""
        if name not in self._streams:
            raise ModelError(f"{self.path / name}: missing; {HINT}")
        return self._streams[name]

    def read(self, name: str) -> bytes:
        self.contents[name] = self.stream(name).read()
        return self.contents[name]


@contextlib.contextmanager
def _opened(path: Path, names: Iterable[str]) -> Iterator[_Files]:
    try:
        with file_set.opened(path, names) as streams:
            yield _Files(path, streams)
    except OSError as error:
        raise ModelError(f"{error.filename or path}: {error.strerror}") from None


def stamp(path: Path) -> str:
    """Return the name that the weights of a model directory have for being these.   ModelError: there is no model."""
    with _opened(path, ["config.json"]) as files:
        return _load_config(files)[0].stamp


def exists(path: Path) -> bool:
    """Return whether a model was saved in the directory."""
    return file_set.place(path, "config.json").exists()


def weights_file(path: Path) -> Path:
    """Return the file that holds the weights of a model directory."""
    return file_set.place(path, WEIGHTS)


def _load_config(files: _Files) -> tuple[_ConfigFile, bytes]:
    """Return the configuration, and what its stamp is a hash of."""
    path, data = files.path / "config.json", files.read("config.json")
    try:
        version = msgspec.json.decode(data, type=_Header).format_version
        if version > FORMAT_VERSION:
            raise ModelError(
                f"{path}: model format {version}, this seqwright reads up to {FORMAT_VERSION}; upgrade seqwright"
            )
        document = upgraded(msgspec.json.decode(data, type=dict[str, Any]), origin=path.name)
        found = msgspec.convert(document, _ConfigFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path}: damaged ({error}); {HINT}") from None
    except ConfigError as error:
        raise ModelError(f"{path}: no model has such settings ({error}); undo the change, or {HINT}") from None
    model, *others = map(_as_it_was, (found.config.model, *found.config.others))
    said = msgspec.structs.replace(found.config, model=model, others=tuple(others))
    return msgspec.structs.replace(found, config=said), _without_stamp(data)


def _as_it_was(model: ModelConfig) -> ModelConfig:
    """Return a stored configuration with the settings that its file is too old to name."""
    return msgspec.structs.replace(
        model,
        encoder_layers=model.encoder_layers or model.layers,
        distance_bias=bool(model.distance_bias),
        copying=bool(model.copying),
        sum_features=bool(model.sum_features),
    )


def _load_weights(
    files: _Files, specs: Sequence[ModelSpec], *, as_codes: bool
) -> tuple[tensors.Tensors, dict[str, Array]]:
    try:
        stored = tensors.read(files.stream(WEIGHTS))
        parts = weights.parted(stored.arrays)
        if as_codes and all(len(part) > one.encoder_layers for part, one in zip(parts, specs, strict=False)):
            floats = [int8.from_codes(part, Seq2seq.declared(one)) for part, one in zip(parts, specs, strict=False)]
            return stored, weights.joined(floats, numbered=weights.is_numbered(stored.arrays))
        if wrong := [name for name, array in stored.arrays.items() if array.dtype != np.float32]:
            raise ValueError(f"weight {wrong[0]} is not float32")
    except ValueError as error:
        raise ModelError(f"{files.path / WEIGHTS}: damaged or cut short ({error}); {HINT}") from None
    return stored, stored.arrays


def _load_lexicon(files: _Files, stamp: str) -> _Lexicon:
    path = files.path / LEXICON
    try:
        found = msgspec.json.decode(files.read(LEXICON), type=_Lexicon)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path}: damaged ({error}); {HINT}") from None
    if found.stamp != stamp:
        raise ModelError(f"{path}: it belongs to another model than config.json does; {HINT}")
    return found


def _check_weights(path: Path, bundle: Bundle) -> None:
    """Raise ModelError where the weights are not those of the configuration and the vocabularies."""
    n, n_configured = len(weights.parted(bundle.weights)), len(bundle.config.networks)
    if not 0 < n <= n_configured:
        raise ModelError(f"{path}: weights of {n} networks, its configuration has {n_configured}; {HINT}")
    for one in bundle.networks:
        for name in ("hidden_size", "embedding_size", "attention"):
            if getattr(one.settings, name) is None:
                raise ModelError(f"{path / 'config.json'}: damaged (model.{name} has no value); {HINT}")
        try:
            weights.check(one.spec, one.arrays)
        except ModelError as error:
            raise ModelError(f"{path}: {error}; {HINT}") from None


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
